/** The news of ties that nobody has dismissed. */

import { type Signal, signal } from "@preact/signals";
import type { TieNews, TieOffer } from "../../../shared/protocol";

export class TieList {
  /** Null before the first. */
  readonly news: Signal<TieNews | null> = signal(null);
  /** As long as Python tells of them: a tie that breaks once more is news. */
  private dismissed = new Set<string>();

  take(news: TieNews): void {
    const told = keysOf(news);
    this.dismissed = new Set([...this.dismissed].filter((key) => told.includes(key)));
    const isNew = (offer: TieOffer) => !this.dismissed.has(keyOf(offer));
    const { kind, lost, gained } = news;
    this.news.value = { kind, lost: lost.filter(isNew), gained: gained.filter(isNew) };
  }

  dismiss(): void {
    const shown = this.news.peek();
    if (!shown) return;
    for (const key of keysOf(shown)) this.dismissed.add(key);
    this.news.value = { ...shown, lost: [], gained: [] };
  }
}

function keysOf({ lost, gained }: TieNews): string[] {
  return [...lost, ...gained].map(keyOf);
}

function keyOf(offer: TieOffer): string {
  return JSON.stringify(offer);
}
