/** What the tests of the store share: a small tree, and a kernel that the test plays. */

import type { Kind, Reply, ToBrowser, ToKernel, Tree } from "../../shared/protocol";
import { WidgetStore } from "../src/store/store";
import type { Packet, Transport } from "../src/transport";

export interface Leaf {
  name: string;
  kind?: Kind;
  shape?: number[];
  dtype?: string;
  frozen?: boolean;
  tie?: string;
}

export interface Branch {
  name: string;
  type: string;
  children?: (Branch | Leaf)[];
}

export function treeMessage(root: Branch, revision = 1): Tree {
  const message: Tree = {
    kind: "tree",
    revision,
    model: root.type,
    name: "net",
    names: [],
    parents: [],
    kinds: [],
    types: [],
    type_of: [],
    shapes: [],
    dtypes: [],
    dtype_of: [],
    counts: [],
    trainable: [],
    states: [],
    notes: {},
    ties: [],
    shared_modules: [],
    totals: {
      parameters: 0,
      trainable: 0,
      bytes: 0,
      bytes_text: "0 B",
      parameter_tensors: 0,
      named_slots: 0,
      state_entries: 0,
    },
    warnings: [],
  };
  const ties = new Map<string, number[]>();
  const index = (list: string[], word: string) => {
    if (!list.includes(word)) list.push(word);
    return list.indexOf(word);
  };
  const add = (node: Branch | Leaf, parent: number) => {
    const row = message.names.length;
    const leaf = "type" in node ? null : node;
    message.names.push(node.name);
    message.parents.push(parent);
    message.kinds.push(leaf ? (leaf.kind ?? "parameter") : "module");
    message.type_of.push(index(message.types, "type" in node ? node.type : "Parameter"));
    message.shapes.push(leaf ? (leaf.shape ?? [2, 2]) : null);
    message.dtype_of.push(leaf ? index(message.dtypes, leaf.dtype ?? "float32") : -1);
    message.counts.push(leaf ? 4 : 0);
    message.trainable.push(leaf ? !leaf.frozen : null);
    message.states.push("ready");
    if (leaf?.tie) ties.set(leaf.tie, [...(ties.get(leaf.tie) ?? []), row]);
    for (const child of ("type" in node && node.children) || []) add(child, row);
  };
  add(root, -1);
  message.ties = [...ties.values()].map((rows) => ({ kind: "same", rows }));
  return message;
}

/** Sequential(Linear, ReLU, Linear, Linear): the last two share their weight. */
export const NET: Branch = {
  name: "",
  type: "Sequential",
  children: [
    {
      name: "0",
      type: "Linear",
      children: [
        { name: "weight", shape: [256, 20] },
        { name: "bias", shape: [256], frozen: true },
      ],
    },
    { name: "1", type: "ReLU" },
    { name: "2", type: "Linear", children: [{ name: "weight", shape: [10, 256], tie: "t" }] },
    {
      name: "3",
      type: "LazyLinear",
      children: [{ name: "weight", shape: [10, 256], dtype: "bfloat16", tie: "t" }],
    },
  ],
};

/** A reply that says nothing but what is given. */
export function reply(given: Partial<Reply> = {}): Reply {
  return {
    kind: "reply",
    id: "x",
    ok: true,
    error: "",
    where: "",
    title: "",
    changed: 0,
    seed: "",
    warnings: [],
    preview: null,
    entry: -1,
    stake: "",
    ...given,
  };
}

export class Kernel implements Transport {
  said: ToKernel[] = [];
  kept: Packet[] = [];
  dead = false;
  private onPacket: (packet: Packet) => void = () => undefined;
  cut: () => void = () => undefined;

  send(message: ToKernel): boolean {
    if (!this.dead) this.said.push(message);
    return !this.dead;
  }

  listen(onPacket: (packet: Packet) => void, onCut: () => void, signal: AbortSignal): void {
    this.onPacket = onPacket;
    this.cut = onCut;
    signal.addEventListener("abort", () => {
      this.onPacket = () => undefined;
    });
  }

  saved(): Packet[] {
    return this.kept;
  }

  speak(content: ToBrowser, ...buffers: DataView[]): void {
    this.onPacket({ content, buffers });
  }

  heard<K extends ToKernel["kind"]>(kind: K): Extract<ToKernel, { kind: K }>[] {
    return this.said.filter((m): m is Extract<ToKernel, { kind: K }> => m.kind === kind);
  }
}

export function started(kernel: Kernel, patience = 20) {
  const end = new AbortController();
  const store = new WidgetStore(kernel, { hello: patience });
  store.start(end.signal);
  return { store, end: () => end.abort() };
}
