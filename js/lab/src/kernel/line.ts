/**
 * The connection to one kernel: our own comm, kept open, on which we ask and it answers.
 *
 * The kernel publishes on it in answers only, so that ipykernel keeps our subshell and answers
 * while a cell runs. The subshell lives as long as the comm.
 */

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { JSONObject } from "@lumino/coreutils";
import type { LabAnswer, LabQuestion } from "../../../shared/protocol";
import { type Boot, boot } from "./boot";

const TARGET = "paramwidget.lab";

type Unnumbered<Q> = Q extends LabQuestion ? Omit<Q, "n"> : never;
export type Question = Unnumbered<LabQuestion>;

/** The kernel cannot be asked; `why` is what `boot` found, or "cut" if the connection was lost. */
export class NoLine extends Error {
  constructor(readonly why: Exclude<Boot, "ready"> | "cut") {
    super(typeof why === "string" ? why : why.error);
  }
}

/** The connections to all kernels, each opened when first needed, and again after a restart. */
export class Lines {
  private readonly lines = new Map<string, Line>();

  ask(kernel: Kernel.IKernelConnection, question: Question): Promise<LabAnswer> {
    return this.to(kernel).ask(question);
  }

  /** Sends something that matters only to a kernel that is already connected. */
  tell(kernel: Kernel.IKernelConnection, question: Question): void {
    const line = this.lines.get(kernel.id);
    if (line && !line.closed) line.ask(question).catch(() => undefined);
  }

  private to(kernel: Kernel.IKernelConnection): Line {
    const known = this.lines.get(kernel.id);
    if (known && !known.closed) return known;
    const line = new Line(kernel, () => {
      if (this.lines.get(kernel.id) === line) this.lines.delete(kernel.id);
    });
    this.lines.set(kernel.id, line);
    return line;
  }
}

interface Waiting {
  resolve(answer: LabAnswer): void;
  reject(error: Error): void;
}

class Line {
  closed = false;
  private readonly waiting = new Map<number, Waiting>();
  private readonly opened: Promise<Kernel.IComm>;
  private readonly cut: Promise<never>;
  private cutNow: () => void = () => undefined;
  private last = 0;

  constructor(
    private readonly kernel: Kernel.IKernelConnection,
    private readonly onClosed: () => void,
  ) {
    this.cut = new Promise((_, reject) => {
      this.cutNow = () => reject(new NoLine("cut"));
    });
    this.cut.catch(() => undefined);
    kernel.statusChanged.connect(this.followStatus, this);
    kernel.disposed.connect(this.close, this);
    this.opened = this.open();
    this.opened.catch(() => this.close());
  }

  async ask(question: Question): Promise<LabAnswer> {
    const comm = await this.opened;
    return await new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new NoLine("cut"));
        return;
      }
      const n = ++this.last;
      this.waiting.set(n, { resolve, reject });
      comm.send({ ...question, n } as unknown as JSONObject);
    });
  }

  /** Booting comes first: a kernel without the target would log an error. */
  private async open(): Promise<Kernel.IComm> {
    const found = await this.unlessCut(boot(this.kernel));
    if (found !== "ready") throw new NoLine(found);
    const comm = this.kernel.createComm(TARGET);
    if (this.kernel.supportsSubshells && comm.commsOverSubshells !== "disabled") {
      await (comm as { subshellStarted?: Promise<void> }).subshellStarted;
    }
    const answered = new Promise<void>((resolve, reject) => {
      comm.onMsg = () => resolve();
      comm.onClose = () => reject(new NoLine({ error: "The kernel refused the connection." }));
    });
    const hello: LabQuestion = { kind: "lablist", n: 0, rows: false, bonds: [] };
    comm.open(hello as unknown as JSONObject);
    await this.unlessCut(answered);
    comm.onMsg = (message) => this.take(message);
    comm.onClose = () => this.close();
    return comm;
  }

  private unlessCut<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.cut]);
  }

  private take(message: KernelMessage.ICommMsgMsg): void {
    const answer = message.content.data as unknown as LabAnswer;
    const waiting = this.waiting.get(answer.n);
    this.waiting.delete(answer.n);
    waiting?.resolve(answer);
  }

  private followStatus(_: unknown, status: Kernel.Status): void {
    if (isCut(status)) this.close();
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    this.cutNow();
    this.kernel.statusChanged.disconnect(this.followStatus, this);
    this.kernel.disposed.disconnect(this.close, this);
    for (const { reject } of this.waiting.values()) reject(new NoLine("cut"));
    this.waiting.clear();
    this.onClosed();
  }
}

function isCut(status: Kernel.Status): boolean {
  return status === "restarting" || status === "autorestarting" || status === "dead";
}
