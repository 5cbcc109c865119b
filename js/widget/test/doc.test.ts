import assert from "node:assert/strict";
import { test } from "node:test";
import { readableDoc } from "../src/controls/doc";

const XAVIER = String.raw`Fill the input \`Tensor\`. Sampled from
:math:\`\mathcal{U}(-a, a)\` where

.. math::
    a = \text{gain} \times \sqrt{\frac{6}{\text{fan\_in} + \text{fan\_out}}}

Also known as Glorot initialization (:class:\`Linear\`, \`\`groups\`\`).

.. note::
    n :math:\`\geq 2\``.replaceAll("\\`", "`");

test("documentation for Sphinx is readable without it", () => {
  assert.equal(
    readableDoc(XAVIER),
    `Fill the input \`Tensor\`. Sampled from
U(-a, a) where

a = gain × √(6 / (fan_in + fan_out))

Also known as Glorot initialization (Linear, groups).

note:
    n ≥ 2`,
  );
});

test("a plain sentence stays as it is", () => {
  assert.equal(readableDoc("U[5, 10] or 0, as {drawn}."), "U[5, 10] or 0, as {drawn}.");
});
