/** What lets styles in that are made while the page lives; the server makes a new one for each page. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[name=style-nonce]')?.nonce ?? '';

// The library that stops a page from scrolling behind a dialog looks for it here.
Object.assign(globalThis, { __webpack_nonce__: styleNonce });
