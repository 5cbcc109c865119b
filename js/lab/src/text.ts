/** The states of the panel, each with a sentence that says what to do. */

export interface Saying {
  readonly headline: string;
  readonly text: string;
  /** Code to run in a cell, where that is what to do. */
  readonly code?: string;
}

export type Silent =
  | "no-owner"
  | "no-kernel"
  | "starting"
  | "restarting"
  | "dead"
  | "disconnected"
  | "not-python"
  | "no-package"
  | "no-torch"
  | "empty"
  | "error"
  | "asking";

export function saying(state: Silent, detail = ""): Saying {
  switch (state) {
    case "no-owner":
      return {
        headline: "No notebook",
        text: "Open a notebook or a console: the models in its kernel are listed here.",
      };
    case "no-kernel":
      return {
        headline: "No kernel",
        text: `${detail} has no kernel. Choose one in its toolbar.`,
      };
    case "starting":
      return { headline: "Kernel is starting", text: "The list will appear in a moment." };
    case "restarting":
      return {
        headline: "Kernel is restarting",
        text: "Its models are gone. Run the cells that create them.",
      };
    case "dead":
      return {
        headline: "Kernel is dead",
        text: "Its models are gone. Restart the kernel and run the cells that create them.",
      };
    case "disconnected":
      return {
        headline: "No connection",
        text: "The list will appear when the kernel can be reached again.",
      };
    case "not-python":
      return {
        headline: "Not a Python kernel",
        text: `Models live in Python; this kernel runs ${detail}.`,
      };
    case "no-package":
      return {
        headline: "paramwidget is not installed in this kernel",
        text: "Run this in a cell, then refresh the list:",
        code: "%pip install paramwidget",
      };
    case "no-torch":
      return {
        headline: "No models yet",
        text: "PyTorch has not been imported yet. The list is updated after each cell.",
      };
    case "empty":
      return {
        headline: "No models yet",
        text: "Assign one to a variable, as in this cell, and it is listed here:",
        code: "net = nn.Linear(4, 2)",
      };
    case "error":
      return { headline: "The kernel could not answer", text: detail };
    case "asking":
      return { headline: "", text: "" };
  }
}
