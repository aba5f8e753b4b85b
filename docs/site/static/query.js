// A run of Japanese is cut from its beginning into the longest words that the index has.
const indexed = word => Object.hasOwn(Search._index.terms, word) || Object.hasOwn(Search._index.titleterms, word);
var splitQuery = query => query.split(/[^\p{L}\p{N}_]+/u).filter(run => run).flatMap(run => {
  if (!/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/u.test(run)) return [run];
  const found = [];
  for (let start = 0, end; start < run.length; start = end) {
    end = run.length;
    while (end > start + 1 && !indexed(run.slice(start, end).toLowerCase())) end -= 1;
    if (end > start + 1) found.push(run.slice(start, end));
  }
  return found.length ? found : [run];
});

// Sphinx has no Japanese for what it says at the end of a search, and would say nothing.
Documentation.addTranslations({
  messages: {
    "Search finished, found one page matching the search query.": ["${resultCount} 件のページが見つかりました。"],
  },
  plural_expr: "0",
  locale: "ja",
});
