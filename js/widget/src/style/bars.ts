/** A histogram's bars as one silhouette. */

interface Room {
  width: number;
  height: number;
  /** The height of a bar that holds anything at all. */
  hairline: number;
}

/** The path of bars, from 0 to 1 high, that stand on the lower edge. */
export function barsPath(bars: readonly number[], { width, height, hairline }: Room): string {
  const step = width / bars.length;
  return bars
    .map((bar, n) => {
      if (bar <= 0) return "";
      const length = Math.max(hairline, bar * height);
      return `M${round(n * step)} ${height}v${-round(length)}h${round(step)}V${height}z`;
    })
    .join("");
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
