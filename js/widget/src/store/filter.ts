/** The filter language: words combined by spaces; a wrong word is data, not an exception. */

import type { TreeModel } from "./tree";

export interface Filter {
  /** Null where nothing was typed. */
  matches: ((row: number) => boolean) | null;
  /** What is wrong with it, as a sentence; "" if nothing is. */
  problem: string;
}

type Test = (tree: TreeModel, row: number) => boolean;

const WORDS: Record<string, Test> = {
  frozen: (tree, row) => tree.kind(row) === "parameter" && tree.trainable(row) === false,
  tied: (tree, row) => !tree.isModule(row) && tree.tiesOf(row).length > 0,
};

const KEYS: Record<string, (argument: string) => Test | string> = {
  name: (argument) => byName(argument),
  type: byType,
  shape: byShape,
  dtype: (argument) => (tree, row) => tree.dtype(row).toLowerCase().startsWith(argument),
};

export function parseFilter(text: string, tree: TreeModel): Filter {
  const tests: Test[] = [];
  let problem = "";
  for (const word of text.trim().toLowerCase().split(/\s+/).filter(Boolean)) {
    const test = testOf(word);
    if (typeof test === "string") problem ||= test;
    else tests.push(test);
  }
  const matches = tests.length ? (row: number) => tests.every((test) => test(tree, row)) : null;
  return { matches, problem };
}

function testOf(word: string): Test | string {
  const colon = word.indexOf(":");
  const key = colon > 0 ? KEYS[word.slice(0, colon)] : undefined;
  if (key) return word.length > colon + 1 ? key(word.slice(colon + 1)) : () => true;
  return WORDS[word] ?? byName(word);
}

function byName(word: string): Test {
  if (!/[*?]/.test(word)) return (tree, row) => fullName(tree, row).includes(word);
  return (tree, row) => matches(word, fullName(tree, row));
}

/** A slot goes with the module it belongs to, so that `type:Linear` shows weights too. */
function byType(word: string): Test {
  const glob = /[*?]/.test(word) ? word : `${word}*`;
  return (tree, row) => {
    const owner = tree.isModule(row) ? row : tree.parent(row);
    return (
      matches(glob, tree.typeName(row).toLowerCase()) ||
      matches(glob, tree.typeName(owner).toLowerCase())
    );
  };
}

function byShape(word: string): Test | string {
  const sizes = word === "()" ? [] : word.replace(/^[([]|[)\]]$/g, "").split(/[x×,]/);
  if (sizes.some((size) => !/^(\d*|\*)$/.test(size))) {
    return `A shape must be sizes or *, as in shape:256x20 or shape:256,*`;
  }
  return (tree, row) => {
    const shape = tree.shape(row);
    if (!shape || shape.length !== sizes.length) return false;
    return sizes.every((size, axis) => !size || size === "*" || Number(size) === shape[axis]);
  };
}

function fullName(tree: TreeModel, row: number): string {
  return tree.lowerNames()[row] ?? "";
}

/**
 * Whether a glob matches all of a name. After a failure only the last star takes one more character,
 * so it takes at most glob × name steps, where a regular expression may take exponentially many.
 */
function matches(glob: string, name: string): boolean {
  const [wanted, given] = [[...glob], [...name]];
  let [at, star, from] = [0, -1, 0];
  for (let place = 0; place < given.length; ) {
    if (wanted[at] === "*") {
      [star, from] = [at, place];
      at += 1;
    } else if (at < wanted.length && (wanted[at] === "?" || wanted[at] === given[place])) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      from += 1;
      [at, place] = [star + 1, from];
    } else {
      return false;
    }
  }
  while (wanted[at] === "*") at += 1;
  return at === wanted.length;
}
