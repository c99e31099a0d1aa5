import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { LineChart } from 'echarts/charts';
import { DataZoomComponent, GridComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { init, use, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { wholeNumber } from '../../ui/format.js';
import { chartOption, type ChartLines } from './chart-option.js';
import type { Picture } from './picture-model.js';

use([LineChart, GridComponent, TooltipComponent, DataZoomComponent, MarkLineComponent, CanvasRenderer]);

/** The drawing alone, in a chunk of its own: what it says stands in words and in a table beside it. */
export function PictureChart(props: {
  readonly picture: Picture;
  readonly lines: ChartLines;
  readonly label: string;
}) {
  const { picture, lines, label } = props;
  const scheme = useComputedColorScheme('light');
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  useEffect(() => {
    if (place.current === null) return undefined;
    const made = init(place.current);
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(chartOption(picture, { lines, scheme, tooltip: tooltipOf }), {
      replaceMerge: ['series'],
    });
  }, [picture, lines, scheme]);
  return <div ref={place} role="img" aria-label={label} style={{ height: 380 }} />;
}

/** An element, not markup: nothing in it is ever parsed. */
function tooltipOf(
  rows: readonly { readonly name: string; readonly turn: number; readonly tokens: number }[],
): HTMLElement {
  const box = document.createElement('div');
  const lines = [
    `turn ${wholeNumber(Math.round(rows[0]?.turn ?? 0))}`,
    ...rows.map(({ name, tokens }) => `${name}: ${wholeNumber(tokens)}`),
  ];
  for (const text of lines) {
    const line = document.createElement('div');
    line.textContent = text;
    box.append(line);
  }
  return box;
}
