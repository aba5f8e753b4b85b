// The stored words: which there are, where they are on the map, who is near to whom.

const bytesOf = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));

const openVectors = ({ words, dim, directions, points, counts, of, function_words }) => {
  const numbers = new Int8Array(bytesOf(directions).buffer);
  const places = new Int16Array(bytesOf(points).buffer);
  const ids = new Map(words.map((word, id) => [word, id]));
  const folded = new Map();
  words.forEach((word, id) => { const low = word.toLowerCase(); if (!folded.has(low)) folded.set(low, id); });
  const lengths = new Float32Array(words.length);
  for (let id = 0, at = 0; id < words.length; id++) {
    let sum = 0;
    for (const end = at + dim; at < end; at++) sum += numbers[at] * numbers[at];
    lengths[id] = Math.sqrt(sum);
  }
  // The direction of a word as a vector of length 1.
  const unit = id => Float32Array.from(numbers.subarray(id * dim, (id + 1) * dim), number => number / (lengths[id] || 1));
  // The words with the largest cosines to a vector: [[id, cosine], ...].
  const nearest = (vector, left_out, most) => {
    const size = Math.hypot(...vector) || 1;
    const cosines = new Float32Array(words.length);
    for (let id = 0, at = 0; id < words.length; id++) {
      let sum = 0;
      for (let k = 0; k < dim; k++, at++) sum += numbers[at] * vector[k];
      cosines[id] = sum / (size * (lengths[id] || 1));
    }
    const order = [...cosines.keys()].filter(id => !left_out.includes(id)).sort((a, b) => cosines[b] - cosines[a]);
    return order.slice(0, most).map(id => [id, cosines[id]]);
  };
  return {
    words, counts, of,
    functionWords: new Set(function_words),
    onMap: places.length / 2,
    place: id => [places[2 * id] / 32767, places[2 * id + 1] / 32767],
    idOf: word => ids.get(word) ?? folded.get(word.toLowerCase()),
    near: (id, most = 10) => nearest(unit(id), [id], most),
    analogy: (a, b, c, most = 10) => {
      const [x, y, z] = [a, b, c].map(unit);
      return nearest(x.map((number, k) => y[k] - number + z[k]), [a, b, c], most);
    },
    // Words that begin so, then those that hold it; the more frequent first.
    find: (text, most = 12) => {
      const low = text.toLowerCase(), begins = [], holds = [];
      for (let id = 0; id < words.length && begins.length < most; id++) {
        const at = words[id].toLowerCase().indexOf(low);
        if (at === 0) begins.push(id);
        else if (at > 0 && holds.length < most) holds.push(id);
      }
      const exact = ids.get(text);
      const found = [...begins, ...holds];
      return [...new Set(exact === undefined ? found : [exact, ...found])].slice(0, most);
    },
  };
};
