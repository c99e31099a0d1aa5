/** The builder packs by the same measure of a text by which the gateway bounds a request. */
export { cutToTokens, estimateTokens, upperBoundTokens } from '#contracts';
