/** Which methods each address of the API takes, from its description: `/v1/tasks/{id}` by verb. */
export class AllowedMethods {
  private readonly addresses: readonly { readonly pattern: RegExp; readonly methods: readonly string[] }[];

  constructor(paths: Readonly<Record<string, object>>) {
    this.addresses = Object.entries(paths).map(([path, verbs]) => ({
      pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
      methods: Object.keys(verbs)
        .map((verb) => verb.toUpperCase())
        .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
        .sort(),
    }));
  }

  /** Empty for an address that the API does not have. */
  allowedFor(path: string): readonly string[] {
    return this.addresses.find(({ pattern }) => pattern.test(path))?.methods ?? [];
  }
}
