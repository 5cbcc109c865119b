/** The journal as it is after a message, which may hold only what is new of it. */

import type { Journal } from "../../../shared/protocol";

export function journalAfter(before: Journal | null, message: Journal): Journal {
  if (message.whole || !before) return message;
  const entries = new Map(before.entries.map((entry) => [entry.number, entry]));
  for (const entry of message.entries) entries.set(entry.number, entry);
  return {
    ...message,
    entries: [...entries.values()]
      .filter(({ number }) => number >= message.first)
      .sort((a, b) => a.number - b.number),
    code: before.code.slice(0, message.code_kept) + message.code,
  };
}
