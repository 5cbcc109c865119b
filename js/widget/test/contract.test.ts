/** Frames that Python wrote (tests/contract/golden.py), read as hosts hand them over. */

import assert from "node:assert/strict";
import { test } from "node:test";
import golden from "../../../tests/contract/frames.json";
import type { Frame } from "../../shared/protocol";
import { type FrameModel, frameModel } from "../src/store/cells";

interface Golden {
  name: string;
  content: Frame;
  buffers: string[];
  encoding: string;
  cells: string[] | null;
}

const CASES = golden as unknown as Golden[];

/** A view in the middle of a larger buffer, at an offset that no typed array could have. */
function viewOf(base64: string, offset: number): DataView {
  const bytes = Buffer.from(base64, "base64");
  const larger = new Uint8Array(bytes.length + 16).fill(0xff);
  larger.set(bytes, offset);
  return new DataView(larger.buffer, offset, bytes.length);
}

function read(entry: Golden, offset = 3, before: FrameModel | null = null): FrameModel {
  return frameModel(
    entry.content,
    entry.buffers.map((buffer) => viewOf(buffer, offset)),
    before,
  );
}

for (const entry of CASES) {
  test(`golden: ${entry.name}`, () => {
    for (const offset of [0, 1, 3]) {
      const { value, low, high } = read(entry, offset);
      assert.equal(low ?? high, null);
      assert.deepEqual(value && [...value], entry.cells?.map(Number) ?? null);
    }
    const [plane] = entry.content.picture?.planes ?? [];
    if (plane) assert.equal(plane.encoding, entry.encoding);
  });
}

test("what no double can hold comes as text", () => {
  const entry = CASES.find(({ name }) => name === "large integers");
  assert.equal(entry?.content.picture?.texts["0"], "9007199254740993");
});

test("cells that an edit changed are known, NaN being equal to itself", () => {
  const [entry] = CASES;
  assert.ok(entry);
  const before = read(entry);
  assert.equal(read(entry, 3, before).changed, null);
  const cells = before.value?.slice();
  assert.ok(cells);
  cells[0] = 1; // was NaN
  cells[3] = 0; // was -0
  const after = read(entry, 3, { ...before, value: cells });
  assert.deepEqual(
    after.changed && [...after.changed.keys()].filter((i) => after.changed?.[i]),
    [0, 3],
  );
});

test("a frame of another view, or of another cause, tells of no changed cells", () => {
  const [entry] = CASES;
  assert.ok(entry?.content.picture);
  const before = { ...read(entry), value: new Float32Array(12) };
  const panned = { ...entry.content.picture, window: [0, 2, 1, 7] };
  const other = { ...entry, content: { ...entry.content, picture: panned } };
  assert.equal(read(other, 3, before).changed, null);
  const view = { ...entry, content: { ...entry.content, cause: "view" as const } };
  assert.equal(read(view, 3, before).changed, null);
  assert.notEqual(read(entry, 3, before).changed, null);
});
