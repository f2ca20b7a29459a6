/** What a page of backtests looks like beyond what a tear sheet does. */
export const backtestStyle = `
.swatch{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
table.figures :is(th,td){padding:4px 6px}
table.figures thead th{white-space:normal}
table.figures .portfolio{display:inline-block;width:max-content;max-width:13em;color:inherit;text-decoration-color:var(--mark)}
@media (max-width:720px){table.figures .portfolio{max-width:9em}}
`;
