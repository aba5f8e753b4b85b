// Labels that do not lie on each other: whoever comes first has the place.

const CELL = 48;
const makeLabels = () => {
  let cells = new Map(), placed = [];
  const cellsOf = box => {
    const found = [];
    for (let x = Math.floor(box.x / CELL); x <= Math.floor((box.x + box.w) / CELL); x++)
      for (let y = Math.floor(box.y / CELL); y <= Math.floor((box.y + box.h) / CELL); y++) found.push(`${x},${y}`);
    return found;
  };
  const apart = (a, b) => a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
  return {
    begin: () => { cells = new Map(); placed = []; },
    // Whether there is room for it; then it has it.
    place: box => {
      const own = cellsOf(box);
      if (own.some(cell => (cells.get(cell) ?? []).some(other => !apart(box, other)))) return false;
      for (const cell of own) cells.has(cell) ? cells.get(cell).push(box) : cells.set(cell, [box]);
      placed.push(box);
      return true;
    },
    at: (x, y) => placed.find(box => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h),
    all: () => placed,
  };
};
