// The page begins.

showCurves(data.curves);
if (data.vectors) {
  const vectors = openVectors(data.vectors);
  const choose = (id, centred = true) => {
    const near = vectors.near(id);
    byId("query").value = vectors.words[id];
    showNear(id, near);
    showOnMap(id, near.map(([other]) => other), centred);
  };
  const showNear = makeNeighbours(vectors, choose);
  const showOnMap = makeMap(vectors, choose);
  makeSearch(vectors, choose);
  makeAnalogy(vectors, choose);
}
// A page of a run that goes on is read again, unless a reader is at work in it.
if (data.refresh) {
  let touched = false;
  for (const name of ["input", "pointerdown", "keydown"]) addEventListener(name, () => { touched = true; });
  setInterval(() => { if (!touched) location.reload(); }, 1000 * data.refresh);
}
