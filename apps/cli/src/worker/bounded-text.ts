import { toStorableText } from '#contracts';

/** Keeps the beginning and the end of a text that arrives in pieces; memory stays within a small multiple of both. */
export class BoundedText {
  #head = '';
  #tail = '';
  #length = 0;

  constructor(private readonly limits: { readonly headMax: number; readonly tailMax: number }) {}

  add(piece: string): void {
    this.#length += piece.length;
    const room = this.limits.headMax - this.#head.length;
    this.#head += piece.slice(0, room);
    this.#tail += piece.slice(room);
    // Cut at twice the bound and not at each piece: a copy per bound instead of a copy per piece.
    if (this.#tail.length > this.limits.tailMax * 2) this.#tail = this.#keptTail();
  }

  /** The whole text, or its two ends with the number of characters left out between them. Always storable. */
  text(): string {
    const tail = this.#keptTail();
    const omitted = this.#length - this.#head.length - tail.length;
    const gap = omitted === 0 ? '' : `\n[… ${omitted} characters left out …]\n`;
    return toStorableText(this.#head + gap + tail);
  }

  #keptTail(): string {
    return this.limits.tailMax === 0 ? '' : this.#tail.slice(-this.limits.tailMax);
  }
}
