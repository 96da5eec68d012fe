/** Round values from 0 to at least `most`, about `count` of them. */
export function ticksTo(most: number, count = 4): readonly number[] {
  const rough = Math.max(most, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const steps = Math.ceil(Math.max(most, 1e-9) / step);
  return Array.from({ length: steps + 1 }, (_, index) => index * step);
}

/** Which of so many steps get a label, so that none stand closer than `apart`. */
export function labelled(steps: number, { width, apart }: { width: number; apart: number }): readonly number[] {
  const every = Math.max(1, Math.ceil((steps * apart) / Math.max(1, width)));
  return Array.from({ length: Math.ceil(steps / every) }, (_, index) => index * every);
}

/** Times of an axis: hours where it spans a day or two, else days. */
export function axisTime(time: string, spanMs: number): string {
  const then = new Date(time);
  if (spanMs > 2 * 86_400_000) return then.toLocaleDateString([], { day: 'numeric', month: 'short' });
  return then.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
