/** The few icons, drawn as lines on a grid of 16. */

const PATHS = {
  back: "M12.5 3.5v9L6 8zM3.5 3.5v9",
  chevron: "M6 3.5 10.5 8 6 12.5",
  close: "m4 4 8 8m0-8-8 8",
  copy: "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
  done: "m3 8.5 3.5 3.5L13 4.5",
  info: "M8 7.5v4M8 4.7v.1",
  initialize: "M2.5 12.5C6 12.5 5.5 3.5 8 3.5s2 9 5.5 9",
  journal: "M3 4h1M3 8h1m-1 4h1M6.5 4H13M6.5 8H13m-6.5 4H13",
  keys: "M1.5 4h13v8h-13zM4.5 6.8v.1m3.5-.1v.1m3.5-.1v.1M5.5 9.5h5",
  redo: "m10 2.5 3 3-3 3M13 5.5H6.5a4 4 0 0 0 0 8H9",
  scale: "M2.5 11.5v-7m11 7v-7M2.5 8h11M5 5.5 2.5 8 5 10.5m6-5L13.5 8 11 10.5",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2",
  undo: "m6 2.5-3 3 3 3m-3-3h6.5a4 4 0 0 1 0 8H7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon-svg" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
