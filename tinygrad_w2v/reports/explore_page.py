"""The page for live questions, whose answers come from the server that it came from."""

from __future__ import annotations

from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.version import __version__
from tinygrad_w2v.reports.markup import Words, page, section, value

IN_SCRIPTS = (
    "window_center window_contexts window_negatives window_loss step odd_one failed "
    "left_out no_windows answer graph_title"
).split()
# Each question's name, heading, and fields with what stands in them at first.
QUESTIONS = {
    "neighbours": ("nearest", ("word",)),
    "analogy": ("analogies", ("a", "b", "c")),
    "odd": ("odd", ("words",)),
    "sentence": ("sentence", ("text",)),
}


def explore_page(title: str, lang: Language = "en") -> str:
    """Return the page; `title` says of which run."""
    words = Words(lang)
    sections = [
        section(name, words.say(heading), _form(name, fields, words))
        for name, (heading, fields) in QUESTIONS.items()
    ]
    body = (
        f"<header><h1>{value(title)}</h1><p>{words.say('live')}</p>"
        f'<nav><ul><li><a href="report">{words.say("open_report")}</a></li></ul></nav></header>\n'
        f"<main>\n{''.join(sections)}</main>\n"
        f"<footer><p>tinygrad_w2v {__version__}</p></footer>"
    )
    data = {"words": words.plain(*IN_SCRIPTS)}
    return page(
        *(lang, title, body, data, "theme.css page.css", "base.js explore.js"),
        policy="connect-src 'self'; frame-src 'self'",
    )


def _form(name: str, fields: tuple[str, ...], words: Words) -> str:
    labels = {"word": "word", "words": "words_field", "text": "text_field"}
    inputs = "".join(
        f"<label>{words.say(labels[field]) if field in labels else field.upper()}"
        f'<input name="{field}" required autocomplete="off" spellcheck="false"'
        f"{' class=long' if field in ('words', 'text') else ''}></label>"
        for field in fields
    )
    note = {"odd": "odd_note", "sentence": "sentence_note", "analogy": "analogies_live"}.get(name)
    told = f"<p>{words.say(note)}</p>" if note else ""
    return (
        f'{told}<form data-ask="{name}">{inputs}<button type="submit">{words.say("ask")}</button>'
        f'</form><div class="answer" aria-live="polite"></div>'
    )
