/** The list of keys for display; a test compares it with the tables that handle them. */

export interface KeyGroup {
  where: string;
  /** Keys separated by blanks, those pressed together joined by +; and what they do. */
  lines: readonly (readonly [keys: string, does: string])[];
}

export const KEY_LIST: readonly KeyGroup[] = [
  {
    where: "Anywhere",
    lines: [
      ["?", "show this list"],
      ["/", "filter the tree"],
      ["Esc", "back to the tree"],
      ["Ctrl+Z", "undo"],
      ["Ctrl+Shift+Z Ctrl+Y", "redo"],
      ["+ −", "larger, smaller text"],
    ],
  },
  {
    where: "Tree",
    lines: [
      ["↑ ↓", "one row up, down"],
      ["PgUp PgDn", "one page"],
      ["Home End", "first row, last row"],
      ["→ ←", "open or step in, close or step out"],
      ["Enter", "a tensor’s panel; a module’s initializers"],
      ["Space", "open or close a module"],
      ["*", "open all modules beside it"],
      ["a–z 0–9", "jump to a name"],
      ["Esc", "close the initializers"],
    ],
  },
  {
    where: "Picture",
    lines: [
      ["↑ ↓ ← →", "select a cell"],
      ["PgUp PgDn", "one page"],
      ["Home End", "first, last cell of the row"],
      ["Ctrl+Home Ctrl+End", "first, last cell of all"],
      ["Enter F2", "edit the cell, or zoom to it"],
      ["0–9 + −", "type over the selected cell"],
      ["Alt++ Alt+− Alt+0", "zoom in, zoom out, fit"],
      ["+ − 0", "the same, where no cell is selected"],
      ["Esc", "clear the selection"],
    ],
  },
  {
    where: "Cell being edited",
    lines: [
      ["Enter", "store"],
      ["Tab Shift+Tab", "store, go to the next, previous cell"],
      ["Esc", "discard the change"],
    ],
  },
];

/** Keys pressed together, one mark each: "Alt++" is Alt and +. */
export function marksOf(keys: string): string[] {
  return keys.split(/\+(?=.)/);
}
