import { jest } from '@jest/globals';
import { armCrashPoint, crashPoint } from './crash-point.js';

describe('crashPoint', () => {
  const kill = jest.spyOn(process, 'kill').mockImplementation(() => true);

  beforeEach(() => {
    kill.mockClear();
  });
  afterAll(() => {
    armCrashPoint(null);
    kill.mockRestore();
  });

  it('is free unless armed', () => {
    armCrashPoint(null);
    crashPoint('wave.opened');
    expect(kill).not.toHaveBeenCalled();
  });

  it('kills this process, without a farewell, at the n-th passing and not before', () => {
    armCrashPoint('wave.opened#3');
    crashPoint('wave.opened');
    crashPoint('wave.opened');
    expect(kill).not.toHaveBeenCalled();
    crashPoint('wave.opened');
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGKILL']]);
  });

  it('counts only passings of its own point', () => {
    armCrashPoint('wave.packed#1');
    crashPoint('wave.opened');
    crashPoint('wave.after_commit');
    expect(kill).not.toHaveBeenCalled();
    crashPoint('wave.packed');
    expect(kill).toHaveBeenCalledTimes(1);
  });

  it('is disarmed by what names no passing', () => {
    armCrashPoint('wave.opened#1');
    armCrashPoint('wave.opened');
    crashPoint('wave.opened');
    expect(kill).not.toHaveBeenCalled();
  });
});
