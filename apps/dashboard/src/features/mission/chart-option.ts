import type { EChartsCoreOption } from 'echarts/core';
import { shortNumber, wholeNumber } from '../../ui/format.js';
import type { Line, Picture } from './picture-model.js';

export interface ChartLines {
  readonly conversation: boolean;
  readonly compacted: boolean;
}

type Scheme = 'light' | 'dark';
export type Tooltip = (
  rows: readonly { readonly name: string; readonly turn: number; readonly tokens: number }[],
) => HTMLElement;

const COLORS = {
  light: {
    ink: '#30343a',
    quiet: '#565d64',
    grid: '#e9ebf0',
    carried: '#3b5bdb',
    area: '#bac8ff',
    bad: '#d6336c',
    warn: '#d9730d',
    panel: '#ffffff',
  },
  dark: {
    ink: '#e6e7ea',
    quiet: '#a9adb3',
    grid: '#2c2e34',
    carried: '#91a7ff',
    area: '#364fc7',
    bad: '#ff8fb3',
    warn: '#ffb068',
    panel: '#25262b',
  },
} as const;
type Colors = (typeof COLORS)[Scheme];

/** The picture as the chart library takes it. */
export function chartOption(
  picture: Picture,
  how: { readonly lines: ChartLines; readonly scheme: Scheme; readonly tooltip: Tooltip },
): EChartsCoreOption {
  const colors = COLORS[how.scheme];
  return {
    animation: false,
    textStyle: { color: colors.ink, fontFamily: 'system-ui, sans-serif' },
    grid: { left: 60, right: 165, top: 24, bottom: 74 },
    tooltip: tooltipOption(colors, how.tooltip),
    xAxis: xAxis(colors),
    yAxis: yAxis(colors),
    dataZoom: [{ type: 'inside' }, zoomSlider(colors)],
    series: [
      carriedSeries(picture, colors),
      lineSeries('ceiling', picture.budget, { color: colors.carried, type: 'solid', width: 1 }),
      ...(how.lines.conversation
        ? [
            lineSeries('one conversation (estimate)', picture.conversation, {
              color: colors.bad,
              type: 'dashed',
              width: 2,
            }),
          ]
        : []),
      ...(how.lines.compacted
        ? [
            lineSeries('with auto-compaction (estimate)', picture.compacted, {
              color: colors.warn,
              type: 'dotted',
              width: 2,
            }),
          ]
        : []),
    ],
  };
}

function tooltipOption(colors: Colors, tooltip: Tooltip) {
  return {
    trigger: 'axis',
    backgroundColor: colors.panel,
    borderColor: colors.grid,
    textStyle: { color: colors.ink, fontSize: 12 },
    formatter: (rows: readonly { seriesName: string; value: [number, number] }[]) =>
      tooltip(rows.map(({ seriesName, value: [turn, tokens] }) => ({ name: seriesName, turn, tokens }))),
  };
}

function xAxis(colors: Colors) {
  return {
    type: 'value',
    min: 1,
    max: 'dataMax',
    minInterval: 1,
    name: 'turns of conductors',
    nameLocation: 'middle',
    nameGap: 26,
    nameTextStyle: { color: colors.quiet },
    axisLabel: { color: colors.quiet, formatter: (turn: number) => wholeNumber(turn) },
    axisLine: { lineStyle: { color: colors.grid } },
    splitLine: { show: false },
  };
}

function yAxis(colors: Colors) {
  return {
    type: 'value',
    min: 0,
    axisLabel: { color: colors.quiet, formatter: (tokens: number) => shortNumber(tokens) },
    splitLine: { lineStyle: { color: colors.grid } },
  };
}

function zoomSlider(colors: Colors) {
  return {
    type: 'slider',
    height: 20,
    bottom: 10,
    borderColor: colors.grid,
    fillerColor: `${colors.carried}22`,
    handleStyle: { color: colors.carried },
    moveHandleStyle: { color: colors.grid },
    dataBackground: { lineStyle: { color: colors.grid }, areaStyle: { color: colors.grid } },
    selectedDataBackground: { lineStyle: { color: colors.carried }, areaStyle: { color: colors.area } },
    textStyle: { color: colors.quiet },
    labelFormatter: (turn: number) => wholeNumber(Math.round(turn)),
  };
}

function carriedSeries({ carried, windowTokens, rotations }: Picture, colors: Colors) {
  const window =
    windowTokens === null
      ? []
      : [
          {
            yAxis: windowTokens,
            lineStyle: { color: colors.quiet, type: 'dashed' },
            label: {
              formatter: `${shortNumber(windowTokens)} window`,
              position: 'insideStartTop',
              color: colors.quiet,
            },
          },
        ];
  const marks = rotations.map(({ turn }) => ({
    xAxis: turn,
    lineStyle: { color: colors.ink, type: 'solid', width: 1 },
    label: { formatter: 'rotated', color: colors.ink, position: 'insideEndTop' },
  }));
  return {
    ...lineSeries('a wave carried', carried, { color: colors.carried, type: 'solid', width: 1.5 }),
    areaStyle: { color: colors.area, opacity: 0.75 },
    markLine: { silent: true, symbol: 'none', animation: false, data: [...window, ...marks] },
  };
}

interface LineStyle {
  readonly color: string;
  readonly type: string;
  readonly width: number;
}

function lineSeries(name: string, data: Line, line: LineStyle) {
  return {
    name,
    type: 'line',
    dimensions: ['turn', 'tokens'],
    data: Float64Array.from(data.flat()), // thousands of points, which are not to be looked at one by one
    symbol: 'circle',
    symbolSize: 5,
    showSymbol: data.length < 3, // a line of one point would not be seen
    lineStyle: line,
    itemStyle: { color: line.color },
    endLabel: {
      show: true,
      distance: 8,
      color: line.color,
      fontSize: 11,
      formatter: ({ value: [, tokens] }: { value: [number, number] }) =>
        `${endName(name)} ${shortNumber(tokens)}`,
    },
    labelLayout: { moveOverlap: 'shiftY' },
    emphasis: { disabled: true },
  };
}

function endName(name: string): string {
  return name
    .replace(' (estimate)', '')
    .replace('a wave carried', 'last wave')
    .replace('with auto-compaction', 'compacted');
}
