/** The dotted name at a place of a line of Python: `net.encoder` where the cursor is on either. */

import type { LabStep } from "../../shared/protocol";

const CHAIN = /[\p{ID_Start}_][\p{ID_Continue}]*(?:\.[\p{ID_Start}_][\p{ID_Continue}]*)*/gu;

/** The steps to what the name at `column` names; the parts behind the cursor's one are left out. */
export function stepsAt(line: string, column: number): LabStep[] {
  for (const { 0: chain, index } of line.matchAll(CHAIN)) {
    const end = index + chain.length;
    if (column < index || column > end || line[index - 1] === ".") continue;
    const cut = chain.indexOf(".", column - index);
    const names = (cut < 0 ? chain : chain.slice(0, cut)).split(".");
    return names.map((key, place) => ({
      kind: place ? "dotted" : "name",
      key: key.normalize("NFKC"),
    }));
  }
  return [];
}
