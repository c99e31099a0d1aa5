import { Writable } from 'node:stream';
import { Terminal, type OutputStream } from './terminal.js';

class Recorded extends Writable {
  text = '';

  constructor(
    readonly isTTY: boolean,
    readonly columns = 80,
  ) {
    super();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function terminalOn(stderr: OutputStream): Terminal {
  return new Terminal({ stdout: stderr, stderr });
}

describe('progress', () => {
  test('is a block that is drawn over itself, and gives way to a line of a result', () => {
    const screen = new Recorded(true);
    const terminal = terminalOn(screen);
    terminal.progress('one\ntwo');
    terminal.progress('three\nfour');
    terminal.print('a result');
    terminal.progress('');
    expect(screen.text).toBe(
      '\r\u001b[Jone\ntwo' +
        '\r\u001b[1A\u001b[Jthree\nfour' +
        '\r\u001b[1A\u001b[Ja result\n\r\u001b[Jthree\nfour' +
        '\r\u001b[1A\u001b[J',
    );
  });

  test('cuts what is wider than the terminal: a line that wraps could not be drawn over', () => {
    const screen = new Recorded(true, 4);
    terminalOn(screen).progress('12345\n6');
    expect(screen.text).toBe('\r\u001b[J1234\n6');
  });

  test('does not exist where stderr is no terminal', () => {
    const pipe = new Recorded(false);
    terminalOn(pipe).progress('one\ntwo');
    expect(pipe.text).toBe('');
  });
});
