/** What the page says of itself, once `WATCH` runs in it; times in ms since it was gone to. */
export interface Watched {
  /** Nothing is being read any more; null while something is. */
  readonly readAt: number | null;
  /** When the answer that the picture is drawn from had come, and when its first line was drawn. */
  readonly seriesAt: number | null;
  readonly drawnAt: number | null;
  readonly longTasks: readonly { readonly at: number; readonly ms: number }[];
}

/**
 * Runs in the page before any script of it. A screen is there when it has its heading and nothing says that it is being
 * read; a long task is what the browser calls one, 50 ms in which nobody is answered.
 */
export const WATCH = `(() => {
  const watched = { readAt: null, seriesAt: null, drawnAt: null, longTasks: [] };
  window.watched = watched;
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) watched.longTasks.push({ at: startTime, ms: duration });
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const { name, responseEnd } of list.getEntries())
      if (name.endsWith('/context-series')) watched.seriesAt ??= responseEnd;
  }).observe({ type: 'resource', buffered: true });
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function (...given) {
    stroke.apply(this, given);
    if (watched.drawnAt === null) requestAnimationFrame(() => (watched.drawnAt ??= performance.now()));
  };
  const look = () => {
    const isRead = document.querySelector('h1') !== null && document.querySelector('[aria-label^="Reading "]') === null;
    if (!isRead) watched.readAt = null;
    else watched.readAt ??= performance.now();
    requestAnimationFrame(look);
  };
  look();
})()`;

/** When a screen answers: all is read, and no long task that began by then is still going on. */
export function interactiveMs({ readAt, longTasks }: Watched): number {
  if (readAt === null) throw new Error('the screen is still being read');
  return longTasks.reduce((at, task) => (task.at <= at ? Math.max(at, task.at + task.ms) : at), readAt);
}
