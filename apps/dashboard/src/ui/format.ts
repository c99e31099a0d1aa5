/** 21650 → "21.7K", 431300000 → "431M"; below a thousand as it is. */
export function shortNumber(value: number): string {
  for (const [size, unit] of UNITS) if (value >= size * ALMOST) return `${digits(value / size)}${unit}`;
  return String(value);
}

/** 999,960 reads as 1M, not as 1,000K. */
const ALMOST = 0.9995;
const UNITS = [
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
] as const;

function digits(value: number): string {
  return value < 99.95 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0);
}

export function wholeNumber(value: number): string {
  return value.toLocaleString('en');
}

/** A decimal string in USD: "$0.0312", "$118.40"; null is no limit. */
export function usd(amount: string): string {
  const value = Number(amount);
  if (value === 0) return '$0';
  return `$${value.toLocaleString('en', value < 1 ? SMALL_AMOUNT : AMOUNT)}`;
}

const AMOUNT = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const;
const SMALL_AMOUNT = { maximumSignificantDigits: 3 } as const;

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** "1 task", "3 tasks". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${wholeNumber(number)} ${number === 1 ? one : many}`;
}

/** "in 3 min", "2 h ago", "just now". */
export function relativeTime(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1_000);
  const size = Math.abs(seconds);
  if (size < 5) return 'just now';
  const text = duration(size);
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

/** The largest unit that fits: "42 s", "7 min", "3 h", "9 d". */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** Names of the ledger as people read them: `input_required` → "input required". */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

/** An id cut in the middle; its end is what differs. */
export function shortId(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 8)}…${id.slice(-4)}`;
}
