import { firstCommands, sparkline } from './missions-model.js';

const BOX = { width: 100, height: 24 };

describe('sparkline', () => {
  it('draws waves from left to right, and the ceiling above them', () => {
    const { line, ceilingY } = sparkline([0, 12_000, 24_000], 24_000, BOX);
    expect(line).toBe('M0 22L50 12L100 2');
    expect(ceilingY).toBe(2);
  });

  it('draws one wave as a level line, and none as nothing', () => {
    expect(sparkline([12_000], 24_000, BOX).line).toBe('M0 12L100 12');
    expect(sparkline([], 24_000, BOX)).toMatchObject({ line: '', area: '' });
  });

  it('never leaves its box, also when the ceiling was lowered since', () => {
    expect(sparkline([30_000, 10_000], 8_000, BOX).line).toBe('M0 2L100 15.3');
  });
});

describe('the empty state', () => {
  it('shows three ways in, at the address of this service', () => {
    const commands = firstCommands('http://127.0.0.1:7070');
    expect(commands).toHaveLength(3);
    expect(commands.filter(({ text }) => text.includes('http://127.0.0.1:7070'))).toHaveLength(2);
  });
});
