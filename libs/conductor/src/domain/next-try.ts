/** What a wave's first request is packed for. */
export interface Try {
  readonly model: string;
  readonly targetTokens: number;
  /** How often it was packed for less because the request would not have fitted. */
  readonly smaller: number;
  readonly isFallback: boolean;
  readonly isHalved: boolean;
}

/** Why a try came to nothing before anything was decided. */
export type TryFailure =
  /** The bound says that the request does not fit; nothing was sent. */
  | { readonly kind: 'bound'; readonly packedTokens: number }
  /** The provider says that it did not fit: our bound was wrong. */
  | { readonly kind: 'window_exceeded'; readonly budgetTokens: number }
  | { readonly kind: 'refused'; readonly fallback: string | null };

const SMALLER_SHARE = 0.8;
const SMALLER_MAX = 4;
const HALF = 0.5;

/** The next try after one that failed; null when a wave has no more. Each reason has its own bound. */
export function nextTry(last: Try, failure: TryFailure): Try | null {
  switch (failure.kind) {
    case 'bound':
      return last.smaller === SMALLER_MAX
        ? null
        : {
            ...last,
            smaller: last.smaller + 1,
            targetTokens: Math.floor(failure.packedTokens * SMALLER_SHARE),
          };
    case 'window_exceeded':
      return last.isHalved
        ? null
        : { ...last, isHalved: true, targetTokens: Math.floor(failure.budgetTokens * HALF) };
    case 'refused':
      return last.isFallback || failure.fallback === null
        ? null
        : { ...last, isFallback: true, model: failure.fallback };
  }
}
