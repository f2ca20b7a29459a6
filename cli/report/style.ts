/** How a report looks: on a light screen, on a dark one, on paper. */
import { pageColours } from './scheme.ts';

export const pageStyle: string = `${pageColours}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 32px 64px}
h1{font-size:28px;line-height:1.25;margin:0 0 4px;font-weight:650;overflow-wrap:anywhere}
h2{font-size:19px;margin:44px 0 8px;font-weight:650}
p{margin:0 0 12px;max-width:46em}
.quiet,figcaption,dt,.note{color:var(--quiet)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:24px 0 8px;padding:0}
.tiles div{background:var(--panel);border-radius:8px;padding:12px 16px}
.tiles dt{font-size:13px}
.tiles dd{margin:0;font-size:24px;font-weight:600;font-variant-numeric:tabular-nums}
.note{font-size:14px;margin-top:10px;max-width:none}
figure{margin:16px 0 0}
figcaption{font-size:14px;margin-top:6px;max-width:52em}
.scroll{overflow-x:auto}
.scroll:focus-visible{outline:2px solid var(--strong)}
figure svg{display:block;width:100%;height:auto;min-width:620px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(380px,1fr));gap:24px;align-items:start}
.pair svg{min-width:0}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:4px 8px;text-align:right;white-space:nowrap;font-weight:400}
thead th{color:var(--quiet);font-size:13px;vertical-align:bottom}
thead th[scope=colgroup]{text-align:center}
thead tr:last-child th{border-bottom:1px solid var(--mark)}
thead th[rowspan]{border-bottom:1px solid var(--mark)}
.text{text-align:left}
.first{padding-left:20px}
.factors tbody{border-bottom:1px solid var(--line)}
.factors tbody tr:first-child>*{padding-top:10px}
.factors .formula td{white-space:normal;text-align:left;padding-bottom:10px}
.name{color:var(--quiet);font-size:13px;margin-right:12px}
code{font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}
mark{background:var(--soft);color:inherit;border-radius:3px;padding:1px 2px;box-decoration-break:clone;-webkit-box-decoration-break:clone}
.lineage{list-style:none;margin:12px 0 0;padding:0}
.lineage li{display:grid;grid-template-columns:130px 90px 56px 1fr;gap:2px 14px;align-items:baseline;padding:6px 0;border-bottom:1px solid var(--line)}
.step{color:var(--quiet);font-size:14px}
.bar{align-self:center;background:var(--panel);height:8px;border-radius:4px;overflow:hidden}
.bar i{display:block;height:100%;background:var(--strong)}
.fitness{font-variant-numeric:tabular-nums;font-size:14px;text-align:right}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 24px;margin:12px 0 0}
.facts dd{margin:0;overflow-wrap:anywhere}
details{margin-top:16px}
summary{cursor:pointer;color:var(--quiet)}
pre{background:var(--panel);border-radius:8px;padding:16px;overflow-x:auto;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
footer{margin-top:56px;color:var(--quiet);font-size:13px}
@media (max-width:720px){
main{padding:24px 16px 48px}
.pair{grid-template-columns:1fr}
.lineage li{grid-template-columns:1fr 90px 60px}
.lineage code{grid-column:1/-1}
.facts{grid-template-columns:1fr;gap:0}
.facts dd{margin-bottom:8px}
}
@media print{
@page{margin:14mm}
body{font-size:10.5pt}
main{max-width:none;padding:0}
h2{break-after:avoid}
figure,tbody,.lineage li,.tiles div{break-inside:avoid}
figure svg{min-width:0}
.pair{grid-template-columns:1fr 1fr}
.tiles{grid-template-columns:repeat(5,1fr)}
.tiles dd{font-size:16pt}
.scroll{overflow:visible}
table{font-size:8.5pt}
th,td{padding:3px 4px}
.first{padding-left:8px}
.bar,.bar i,mark,.tiles div{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
