/** A chart as SVG text that stands by itself: the same text for the same data, and nothing in it that only a mouse sees. */
import type { EChartsCoreOption } from 'echarts/core';
import { escaped } from './html.ts';
import { light } from './scheme.ts';

export interface Chart {
  /** Apart from others on the same page. */
  readonly name: string;
  /** What it shows, for those who do not see it. */
  readonly says: string;
  readonly width: number;
  readonly height: number;
  readonly option: EChartsCoreOption;
}

export const fontFamily = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
export const axisText = { color: light('quiet'), fontSize: 12 };

interface LegendEntry {
  readonly name: string;
  readonly icon?: string;
}

/** The gap is a wide one: names are laid out by the widths of one font and shown in whatever the screen has. */
export const legend = (entries: readonly LegendEntry[]) => ({
  top: 0,
  left: 0,
  itemWidth: 18,
  itemHeight: 11,
  itemGap: 30,
  textStyle: { color: light('ink'), fontSize: 13 },
  data: entries.map(({ name, icon = 'path://M0 5h18v2h-18z' }) => ({ name, icon })),
});

/** Loading the library takes half a second, and only a report needs it. */
async function library() {
  const [core, charts, components, renderers] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  const { GridComponent, LegendComponent, MarkLineComponent, VisualMapPiecewiseComponent } = components;
  core.use([
    ...[charts.LineChart, charts.BarChart, charts.ScatterChart, charts.HeatmapChart, charts.CustomChart],
    ...[GridComponent, LegendComponent, MarkLineComponent, VisualMapPiecewiseComponent, renderers.SVGRenderer],
  ]);
  return core;
}

export async function drawn({ name, says, width, height, option }: Chart): Promise<string> {
  const { init } = await library();
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily, color: light('ink') },
      ...option,
    });
    return standing(chart.renderToSVGString({ useViewBox: true }), name, says);
  } finally {
    // Or its timers keep the process alive.
    chart.dispose();
  }
}

/** Names inside are numbered by charts drawn so far; styles and classes are for a pointer that hovers. */
function standing(svg: string, name: string, says: string): string {
  return svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>\n?/g, '')
    .replace(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `${name}-`)
    .replace(/<svg [^>]*?(viewBox="[^"]*")[^>]*>/, (_, box: string) => {
      const label = `${escaped(says)}`;
      return `<svg xmlns="http://www.w3.org/2000/svg" ${box} role="img" aria-label="${label}">`;
    });
}
