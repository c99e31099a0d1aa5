/** The mission obliges its conductor to read more than fits beside the work. */
export class OvercommittedError extends Error {
  constructor(obligedTokens: number, allowedTokens: number) {
    super(
      `charter, directives, open questions and work in flight take ${obligedTokens} tokens of the ${allowedTokens} they may`,
    );
  }
}
