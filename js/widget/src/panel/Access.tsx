/** The ways to reach the slot in Python, each copied by a click. */

import { CopyChip } from "./CopyChip";

export function Access({ expressions }: { expressions: readonly string[] }) {
  if (!expressions.length) return null;
  return (
    <div class="access">
      <span class="access-label">In Python</span>
      {expressions.map((text) => (
        <CopyChip key={text} text={text} />
      ))}
    </div>
  );
}
