/** What a tear sheet looks like beyond what every report does. */
export const sheetStyle = `
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:28px 24px;align-items:start;margin-top:16px}
.charts figure{margin:0}
.charts+.scroll{margin-top:24px}
.charts figure svg{min-width:0;max-width:620px}
.charts figcaption{margin:0 0 4px;color:var(--ink);font-weight:600;font-size:14px}
.charts figcaption span{color:var(--quiet);font-weight:400}
p{overflow-wrap:anywhere}
h3{font-size:16px;margin:32px 0 8px;font-weight:650}
.warnings{border-left:4px solid var(--warm);background:var(--panel);border-radius:0 8px 8px 0;padding:10px 16px 10px 32px;margin:20px 0 0}
.warnings li{margin:4px 0;max-width:62em;overflow-wrap:anywhere}
table.figures{width:auto;min-width:min(100%,560px)}
table.figures tbody tr{border-bottom:1px solid var(--line)}
table.figures tbody th{text-align:left;white-space:normal;min-width:7em;max-width:22em;overflow-wrap:anywhere}
table.figures thead th:first-child{text-align:left}
a{color:var(--strong)}
.factor{border-top:1px solid var(--line);margin-top:32px}
.factor>summary{font-size:19px;font-weight:650;color:var(--ink);margin-top:16px;overflow-wrap:anywhere}
.factor>summary span{color:var(--quiet);font-weight:400;font-size:14px;margin-left:8px}
.formula-line{margin:8px 0 16px;max-width:none}
@media print{.charts{grid-template-columns:1fr 1fr}}
`;
