import fc from 'fast-check';
import {
  decodeId,
  earliestUuidAt,
  encodeId,
  encodeOptionalId,
  ID_PREFIXES,
  idSchema,
  newUuid,
  type IdKind,
} from './ids.js';

const KINDS = Object.keys(ID_PREFIXES) as IdKind[];
const aKind = fc.constantFrom(...KINDS);
const aUuid = fc.uuid();

describe('ids', () => {
  it('have a prefix of three letters for each kind, and no two the same', () => {
    const prefixes = Object.values(ID_PREFIXES);
    expect(new Set(prefixes).size).toBe(prefixes.length);
    for (const prefix of prefixes) expect(prefix).toMatch(/^[a-z]{3}$/);
  });

  it('come back as the uuid that they were made of', () => {
    fc.assert(
      fc.property(aKind, aUuid, (kind, uuid) => {
        expect(encodeId(kind, uuid)).toMatch(
          new RegExp(`^${ID_PREFIXES[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`),
        );
        expect(decodeId(kind, encodeId(kind, uuid))).toBe(uuid);
      }),
    );
  });

  it('are never taken for another kind', () => {
    fc.assert(
      fc.property(aKind, aKind, aUuid, (kind, other, uuid) => {
        fc.pre(kind !== other);
        expect(decodeId(other, encodeId(kind, uuid))).toBeNull();
      }),
    );
  });

  it('have one spelling: whatever decodes is encoded to the same text again', () => {
    const nearly = fc
      .tuple(aKind, aUuid, fc.nat(28), fc.string({ maxLength: 2 }))
      .map(([kind, uuid, at, change]) => {
        const text = encodeId(kind, uuid);
        return text.slice(0, at) + change + text.slice(at + change.length);
      });
    fc.assert(
      fc.property(aKind, fc.oneof(nearly, fc.string()), (kind, text) => {
        const uuid = decodeId(kind, text);
        expect(uuid === null ? text : encodeId(kind, uuid)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '',
    'tsk',
    'tsk_',
    'T12',
    '01890a5d-ac96-774b-bcce-b302099a8057',
    'tsk_01H455VB4PEX5VSKNK084SN02Q',
    'tsk_81h455vb4pex5vsknk084sn02q',
    'tsk_01h455vb4pex5vsknk084sn02',
    ' tsk_01h455vb4pex5vsknk084sn02q',
    '__proto__',
  ])('are not seen in "%s"', (text) => {
    expect(decodeId('task', text)).toBeNull();
  });

  it('are made in order of time, of version 7', () => {
    const made = Array.from({ length: 5 }, newUuid);
    expect(new Set(made).size).toBe(made.length);
    for (const uuid of made) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect(made.map((uuid) => uuid.slice(0, 13))).toEqual(made.map((uuid) => uuid.slice(0, 13)).sort());
  });

  it('stay null where there is none', () => {
    expect(encodeOptionalId('wave', null)).toBeNull();
    expect(encodeOptionalId('wave', '01890a5d-ac96-774b-bcce-b302099a8057')).toMatch(/^wav_/);
  });

  it('say in documents what they look like', () => {
    expect(idSchema('task').description).toBe('TypeID with the prefix tsk_');
  });
});

describe('earliestUuidAt', () => {
  it('is no later than an id of that instant, and later than one of the millisecond before', () => {
    const before = new Date();
    const id = newUuid();
    expect(earliestUuidAt(before) <= id).toBe(true);
    expect(earliestUuidAt(new Date(Date.now() + 1)) > id).toBe(true);
    expect(earliestUuidAt(new Date(-1))).toBe('00000000-0000-7000-8000-000000000000');
  });
});
