/**
 * Whatever a user gets wrong: one sentence that names the thing and the remedy, exit code 1, no stack, and nothing
 * left behind. To add a case, add a row; to need a file, add it to `files`.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evolveEach } from './evolve.ts';
import { type TestMarket, troubledMarket } from './markets.ts';

/** The folder each command line runs in. A name ending in / is an empty folder. */
const files: Readonly<Record<string, string>> = {
  'folder/': '',
  'broken.json': '{ "json": tru }',
  'lines.json': '{\n  "json": tru\n}\n',
  'nothing.json': '{ "fields": ["OPEN", "NOTHING"], "neutralise-labels": ["none"] }',
  'broken.yaml': 'json: [true\n',
  'list.json': '["json"]',
  'bytes.json': '\x7fELF\x02\x01\0\x1b[2J',
  'bytes.txt': '\x7fELF\x02\x01\0\x1b[2J\n\x9b0m\n',
  'empty.yaml': '',
  'folder.json/': '',
  'folder.csv/': '',
  'library.json': '[{ "name": "whole", "expression": "CLOSE" }, { "name": "empty" }]',
  'mixed.json': '{ "factors": [{ "name": "a", "expression": "CLOSE + VOLUME" }] }',
  'unknown-key.json': '{ "jsn": true }',
  'unknown-key.yaml': 'marcdown: true\n',
  'null.json': '{ "json": null }',
  'word.yaml': 'json: maybe\n',
  'number.yaml': 'out: 000300\n',
  'numbers.json': '{ "map": [5] }',
  'list-of-one.json': '{ "out": ["m"] }',
  'extends.json': '{ "extends": "./run-me.js" }',
  'constructor.json': '{ "constructor": 1 }',
  'sources.json': '{ "sources": ["CLOSE"], "horizon": 5 }',
  'nonsense.json': '{ "zzzzzzzzzzzzzzz": 5 }',
  'marked.json': '\ufeff{ "jsn": true }',
  'two-values.json': '{ "out": ["a.md", "b.md"] }',
  'flags.toml': 'json = true\n',
  'many.yaml': 'stocks: many\nout: never\n',
  'empty-object/market.json': '{}',
  'newer/market.json': '{ "schema": 9 }',
  'cut/market.json': '{ "schema": 1, ',
  'good.csv': bars('2024-01-02,A,1,2,0.5,1.5,100', '2024-01-03,A,1,2,0.5,1.5,100'),
  'twice.csv': bars('2024-01-02,A,1,2,0.5,1.5,100', '2024-01-02,A,1,2,0.5,1.5,100'),
  'bad-date.csv': bars('2024-01-02,A,1,2,0.5,1.5,100', '2024-13-02,A,1,2,0.5,1.5,100'),
  'short.csv': 'date,symbol,open\n2024-01-02,A,1\n',
  'empty.csv': '',
  'notes.parquet': 'hello\n',
  'no-seed.json': '[{ "name": "a", "expression": "CLOSE" }, { "expression": "nope(CLOSE)" }, 5]',
  'no-factors.json': '[]',
  'one-unit.json': '["CLOSE / OPEN", "CLOSE"]',
  'number-run/run.json': '5',
  'broken-model/model.json': '{ "schema": 1 }',
};

function bars(...lines: readonly string[]): string {
  return `${['date,symbol,open,high,low,close,volume', ...lines].join('\n')}\n`;
}

/** [command line, the first line on stderr]. Double quotes keep spaces inside an argument; MARKET is a market. */
const rows: readonly (readonly [string, string | RegExp])[] = [
  // The command itself.
  ['opps', 'There is no command "opps". Did you mean "ops"?'],
  ['docter', 'There is no command "docter". Did you mean "doctor"?'],
  ['frobnicate', /^There is no command "frobnicate"\. There are: improve, .*ops, /],
  ['OPS', 'There is no command "OPS". Did you mean "ops"?'],
  ['--jsn', '"evolve" has no flag --jsn. Did you mean --json?'],
  ['--data MARKET frobnicate', /^There is no command "frobnicate"\. There are: improve, /],
  ['ops ts_mean ts_std', '"evolve ops" does not take "ts_std".'],
  ['doctor now', '"evolve doctor" does not take "now".'],

  // Flags.
  ['ops --jsno', '"evolve ops" has no flag --jsno. Did you mean --json?'],
  ['ops --mark-down', '"evolve ops" has no flag --mark-down. Did you mean --markdown?'],
  ['ops -x', '"evolve ops" has no flag -x.'],
  ['doctor --markdown', '"evolve doctor" has no flag --markdown.'],
  ['ops --out', '--out needs a value.'],
  ['ops --json=maybe', '--json is on or off and takes no value such as "maybe".'],
  ['ops --out a.md --out b.md', '--out takes one value and has 2.'],
  ['ops add --markdown', '--markdown and NAME cannot be used together.'],
  ['ops --markdown --json', '--markdown and --json cannot be used together.'],

  // Config files.
  ['ops --config', '--config needs a value.'],
  ['ops --config absent.json', 'Cannot read the config file absent.json: it does not exist.'],
  ['ops --config folder', 'Cannot read the config file folder: it is a folder.'],
  ['ops --config broken.json', /^broken\.json is not valid JSON: /],
  ['ops --config lines.json', /^lines\.json is not valid JSON: .* is not valid JSON$/],
  ['ops --config broken.yaml', /^broken\.yaml is not valid YAML: /],
  ['ops --config list.json', 'list.json must hold an object of flags, such as {"seed": 7}.'],
  ['ops --config empty.yaml', 'empty.yaml must hold an object of flags, such as {"seed": 7}.'],
  ['ops --config unknown-key.json', 'unknown-key.json has an unknown key "jsn". Did you mean "json"?'],
  ['ops --config unknown-key.yaml', 'unknown-key.yaml has an unknown key "marcdown". Did you mean "markdown"?'],
  ['ops --config null.json', '"json" in null.json has no value: give it one or remove it.'],
  ['data import good.csv --config number.yaml', '"out" in number.yaml must be a text, not 300. Put it in quotes.'],
  [
    'data import good.csv --out m --config numbers.json',
    '"map" in numbers.json must be a text, not 5. Put it in quotes.',
  ],
  ['data import good.csv --config list-of-one.json', '"out" in list-of-one.json takes one value, not a list.'],
  ['ops --config extends.json', 'extends.json has the key "extends", which is no flag. Remove it.'],
  ['ops --config constructor.json', 'constructor.json has the key "constructor", which is no flag. Remove it.'],
  [
    'evaluate --config sources.json',
    'sources.json has the key "sources", which is no flag: write SOURCES after "evolve evaluate".',
  ],
  ['evaluate CLOSE --config sources.json', /^sources\.json has the key "sources", which is no flag: /],
  [
    'evaluate CLOSE --config nonsense.json',
    /^nonsense\.json has an unknown key "zzzzzzzzzzzzzzz"\. Its keys can be: (?!.*\bsources\b).*\bhorizon\b/,
  ],
  ['ops --config marked.json', 'marked.json has an unknown key "jsn". Did you mean "json"?'],
  ['data -- info absent', /^There is no market folder absent\./],
  ['ops --config word.yaml', '"json" in word.yaml is on or off and takes no value such as "maybe".'],
  ['ops --config two-values.json', '"out" in two-values.json takes one value and has 2.'],
  ['ops --config flags.toml', 'flags.toml must end in .json, .yaml or .yml, so that its format is known.'],

  // Operators.
  ['ops ts_meen', 'There is no operator "ts_meen". Did you mean "ts_mean"?'],
  ['ops zzzzzzzzzzzz', 'There is no operator "zzzzzzzzzzzz". List them all with: evolve ops'],
  ['ops "ts mean"', 'There is no operator "ts mean". Did you mean "ts_mean"?'],
  ['ops "-CLOSE / OPEN"', /^There is no operator "-CLOSE \/ OPEN"\. /],
  ['ops -CLOSE', /^There is no operator "-CLOSE"\. /],
  ['ops -- --json', /^There is no operator "--json"\. /],
  ['doctor "-CLOSE / OPEN"', '"evolve doctor" does not take "-CLOSE / OPEN".'],
  ['ops __proto__', /^There is no operator "__proto__"\. /],
  ['ops --markdown --out absent/ops.md', 'Cannot write absent/ops.md: it does not exist.'],
  ['ops --markdown --out folder', 'Cannot write folder: it is a folder.'],
  [
    'ops --markdown --out broken.json/ops.md',
    'Cannot write broken.json/ops.md: a part of its path is a file, not a folder.',
  ],

  // Markets.
  ['data', /^"evolve data" needs one of: import, synth, /],
  ['data imprt good.csv', 'There is no command "data imprt". Did you mean "import"?'],
  ['data info', '"evolve data info" needs FOLDER.'],
  ['data info --jsn newer', '"evolve data info" has no flag --jsn. Did you mean --json?'],
  ['data info absent', /^There is no market folder absent\. Make one with /],
  [
    'data info folder',
    /^folder is not a market: its market\.json cannot be read \(it does not exist\)\. Make one with /,
  ],
  ['data info newer', /^newer[/\\]market\.json: it says schema 9 and this version of evolve reads schema 1\. /],
  ['data info cut', /^cut[/\\]market\.json is not JSON: .* Import or synthesise the market again/],
  ['data info empty-object', /^empty-object[/\\]market\.json: it says schema undefined/],

  // Runs and libraries.
  ['top', '"evolve top" needs RUN.'],
  ['top folder', 'There is no run in folder: a run is a folder with a run.json.'],
  ['top absent', 'There is no run in absent: a run is a folder with a run.json.'],
  ['top good.csv', 'There is no run in good.csv: a run is a folder with a run.json.'],
  ['top folder --count 0', '--count should be a whole number above 0, not 0.'],
  ['export absent', 'There is no run or file absent.'],
  ['export folder', 'There is no run in folder: a run is a folder with a run.json.'],
  ['export library.json --to klib', '--to does not know "klib". Did you mean qlib?'],
  ['export library.json --to brain', /^brain is read and not written\. There are json, qlib, /],
  [
    'export library.json',
    'library.json, factor 2, should be a formula, or an object with "name" and "expression" as texts.',
  ],
  ['export broken.json', /^broken\.json is not valid JSON: /],
  ['export newer/market.json', /^newer[/\\]market\.json is no factor library: /],
  ['export mixed.json --to latex', 'No factor of mixed.json can be written as latex.'],
  ['export mixed.json --out good.csv', /^good\.csv already exists\. Add --overwrite/],
  [
    'export mixed.json --out mixed.json --overwrite',
    'Cannot write mixed.json: it is read by this command. Name another place.',
  ],
  ['import mixed.json --from qlib --out mixed.json', /^Cannot write mixed\.json: it is read by this command\./],
  ['export mixed.json --overwrite', '--overwrite needs --out too.'],
  ['export mixed.json --to latex --data absent', /^There is no market folder absent\./],
  ['import good.csv', '"evolve import" needs --from.'],
  ['import absent --from qlib', 'There is no file absent.'],
  ['import folder --from qlib', 'Cannot read folder: it is a folder.'],
  ['import empty.csv --from qlib', 'empty.csv holds no formula.'],
  ['import good.csv --from qlib', 'No formula of good.csv can be read as qlib.'],
  ['import good.csv --from pandas', /^pandas is written and not read\. There are qlib, /],
  ['import good.csv --from qlip', '--from does not know "qlip". Did you mean qlib?'],
  ['import bytes.json --from qlib', /^bytes\.json is not valid JSON: \P{Cc}*$/u],
  ['import bytes.txt --from qlib', 'No formula of bytes.txt can be read as qlib.'],
  ['import list.json --from qlib --data folder', /^folder is not a market: /],
  [
    'import list.json --from qlib --out absent/seeds.json',
    /^Cannot write absent[/\\]seeds\.json: the folder absent does not exist/,
  ],

  // The synthetic market.
  ['data synth', '"evolve data synth" needs --out.'],
  ['data synth --stocks', '--stocks needs a value.'],
  ['data synth --out m --stocks many', '--stocks must be a number, not "many".'],
  ['data synth --config many.yaml', '"stocks" in many.yaml must be a number, not "many".'],
  ['data synth --out m --stocks -5', '--stocks should be a whole number from 2 to 100000, not -5.'],
  ['data synth --out m --stocks 4 --stocks 5', '--stocks takes one value and has 2.'],
  ['data synth --out m --days 2.5', '--days should be a whole number from 3 to 100000, not 2.5.'],
  ['data synth --out m --minutes 2', '--minutes should be 0 for daily bars only, or at least 4, not 2.'],
  ['data synth --out m --seed -1', '--seed should be a whole number from 0 to 268435456, not -1.'],
  ['data synth --over-write --out m', '"evolve data synth" has no flag --over-write. Did you mean --overwrite?'],
  ['data synth --days 5 --minutes 0 --out cut', /^cut is already a market\. Add --overwrite/],
  ['data synth --days 5 --minutes 0 --out good.csv', /^good\.csv cannot be written: /],
  [
    'data synth --days 5 --minutes 0 --out good.csv/m',
    /^good\.csv[/\\]m cannot be written: a part of its path is a file/,
  ],

  // Imports.
  ['data import good.csv', '"evolve data import" needs --out.'],
  ['data import --out m', /^No file of bars is given\. Name CSV, Parquet or Arrow files/],
  ['data import absent.csv --out m', 'There is no file absent.csv.'],
  ['data import "*.tsv" --out m', '*.tsv matches no file.'],
  ['data import folder --out m', 'folder matches no file.'],
  ['data import empty.csv --out m', 'empty.csv is empty. Leave it out or write it again.'],
  [
    'data import short.csv --out m',
    /^short\.csv has no column for high, low, close, volume; it has: date, symbol, open\. /,
  ],
  ['data import notes.parquet --out m', /^notes\.parquet has no column for date, symbol/],
  [
    'data import bad-date.csv --out m',
    /^Nothing was imported: 1 row has a date that cannot be read\. .*--repair dates\.$/,
  ],
  [
    'data import twice.csv --out m',
    /^Nothing was imported: 1 row repeats a symbol and time\. .*--repair duplicates\.$/,
  ],
  ['data import good.csv --out m --map clos=open', /^--map clos=open: there is no "clos".* Did you mean "close"\?$/],
  [
    'data import good.csv --out m --map close=opne',
    /^--map close=opne: good\.csv has no column "opne"; there are: date, /,
  ],
  ['data import good.csv --out m --map close', '--map close is not NAME=COLUMN, such as close=S_DQ_CLOSE.'],
  ['data import good.csv --out m --repair everything', /^--repair everything is not known\. There are: /],
  [
    'data import good.csv --out m --bar-stamp middle',
    '--bar-stamp cannot be "middle"; choose one of: auto, start, end.',
  ],
  ['data import good.csv --out m --bar-stamp strt', '--bar-stamp cannot be "strt". Did you mean "start"?'],
  ['data import good.csv --out m --memory lots', '--memory lots is not a size of at least 64MiB, such as 1GiB.'],
  ['data import good.csv --out m --dates-per-year -3', '--dates-per-year must be a positive number, not -3.'],
  ['data import good.csv --out m --session 9:30', /^--session 9:30 is not a session such as /],
  ['data import good.csv --out m --timezone Mars', /^--timezone Mars is not known\. /],
  ['data import good.csv --out m --price-limit big', /^--price-limit big is not a fraction such as 0\.1/],
  ['data import good.csv --out m --field x=open', /^--field x=open needs a unit at its end/],
  ['data import good.csv --out m --group INDUSTRY=absent.csv', /there is no file absent\.csv\.$/],
  ['data import good.csv --out m --price-limit [z-a]=0.1', /^\[z-a\] is no pattern: /],
  ['data import [z-a].csv --out m', /^\[z-a\]\.csv is no pattern: /],
  ['data import good.csv --out ""', 'The folder to make has no name. Name one, such as --out market.'],
  ['data synth --stocks 5 --days 5 --minutes 0 --out ""', /^The folder to make has no name\. /],
  ['data import good.csv --out good.csv', /^good\.csv cannot be written: /],

  // Resampling.
  ['data resample', '"evolve data resample" needs FROM.'],
  ['data resample folder', '"evolve data resample" needs --out.'],
  ['data resample folder --out m', /^folder is not a market: /],

  // Factors.
  ['eval', '"evolve eval" needs FACTORS.'],
  ['eval CLOSEE --data MARKET', 'Unknown field "CLOSEE" at character 1. Did you mean "CLOSE"?'],
  ['eval "ts_meen(CLOSE, 5)" --data MARKET', /^Unknown operator "ts_meen" at character 1\. Did you mean "ts_mean"\?$/],
  ['eval "OPEN / CLOSE + VOLUME" --data MARKET', /^cannot add a plain ratio to volume at character 14\.$/],
  ['eval "ts_mean(CLOSE, 5" --data MARKET', 'The parenthesis opened at character 8 is never closed.'],
  ['eval "" --data MARKET', 'The expression is empty; nothing stands at character 1.'],
  [
    'eval "ts_mean(close, 500)" --data MARKET',
    'ts_mean(close, 500) has no value on this market: ts_mean over 500 bars is longer than the day, which has 16.',
  ],
  ['eval "interval(close, sum, 8:00, 9:00)" --data MARKET', /: the interval 8:00 to 9:00 leaves the session, /],
  [
    'eval close --data MARKET',
    /^close is no factor: a factor must be a daily value, and this is a minute value; reduce it /,
  ],
  [
    'eval MKT_RETURN --data MARKET',
    'MKT_RETURN is no factor: a factor must be a daily value, and this is a market vector.',
  ],
  ['eval CLOSE CLOSE --data MARKET', 'There is a factor called CLOSE already. Each needs its own name.'],
  ['eval CLOSE --data folder', /^folder is not a market: /],
  ['eval CLOSE --data absent', /^There is no market folder absent\. /],
  ['eval absent.json --data MARKET', 'There is no file absent.json.'],
  ['eval folder.json --data MARKET', 'Cannot read folder.json: it is a folder.'],
  ['eval broken.json --data MARKET', /^broken\.json is not valid JSON: /],
  ['eval null.json --data MARKET', /^null\.json should hold a list such as /],
  ['eval library.json --data MARKET', 'library.json, factor 2 "empty" has no "expression".'],
  ['eval mixed.json --data MARKET', 'mixed.json, factor 1 "a": cannot add price to volume at character 7.'],
  ['eval CLOSE --data MARKET --out f.xls', 'f.xls must end in .arrow, .parquet or .csv, so that its format is known.'],
  ['eval CLOSE --data MARKET --out f.parqet', /^f\.parqet must end in .* Did you mean \.parquet\?$/],
  [
    'eval CLOSE --data MARKET --out good.csv',
    'good.csv already exists. Add --overwrite to replace it, or name another file.',
  ],
  ['eval CLOSE --data MARKET --out folder.csv', 'Cannot write folder.csv: it is a folder.'],
  [
    'eval CLOSE --data MARKET --out absent/f.csv',
    'Cannot write absent/f.csv: the folder absent does not exist; make it first.',
  ],
  [
    'eval CLOSE --data MARKET --out good.csv/f.csv',
    'Cannot write good.csv/f.csv: a part of its path is a file, not a folder.',
  ],
  ['eval CLOSE OPEN --data MARKET --wide --out f.csv', /^A wide file holds one factor and there are 2\. /],
  ['eval CLOSE --data MARKET --wide', '--wide needs --out too.'],
  ['eval CLOSE --data MARKET --long --wide --out f.csv', '--long and --wide cannot be used together.'],
  ['eval CLOSE --data MARKET --from 2022-12-01 --to 2022-11-30', '--from 2022-12-01 is after --to 2022-11-30.'],
  ['eval CLOSE --data MARKET --from 2022-13-01', '--from 2022-13-01 is not a date such as 2024-01-31.'],
  ['eval CLOSE --data MARKET --to yesterday', '--to yesterday is not a date such as 2024-01-31.'],
  [
    'eval CLOSE --data MARKET --from 2030-01-01',
    /^The market has no date from 2030-01-01; its dates are 2022-11-01 to /,
  ],
  ['eval CLOSE --data MARKET --workers 0', '--workers should be a whole number above 0, not 0.'],
  ['eval CLOSE --data MARKET --workers many', '--workers must be a number, not "many".'],
  ['eval CLOSE --data MARKET --memory banana', '--memory banana is not a size of at least 64MiB, such as 1GiB.'],
  ['eval CLOSE --data MARKET --memory 64MiB --workers 250', /^250 workers need \d+ MiB of scratch and the budget is /],

  // Mining: what decides the result.
  ['--data MARKET --population -5', '--population should be a whole number of at least 2, not -5.'],
  ['--data MARKET --population 2.5', '--population should be a whole number of at least 2, not 2.5.'],
  ['--data MARKET --population 1e12', '--population should be at most a million, not 1000000000000.'],
  ['--data MARKET --population 40 --children 4 --tournament 41', '--tournament 41 should be at most --population 40.'],
  ['--data MARKET --depth 10000000', '--depth should be at most 100, not 10000000.'],
  ['--data MARKET --workers 1000', '--workers should be at most 256, not 1000.'],
  ['--data MARKET --population many', '--population must be a number, not "many".'],
  [
    '--data MARKET --population 40 --children 40',
    '--children 40 should be below --population 40: a round leaves some of the old.',
  ],
  ['--data MARKET --children 0', '--children should be a whole number of at least 1, not 0.'],
  ['--data MARKET --tournament 0', '--tournament should be a whole number of at least 1, not 0.'],
  ['--data MARKET --seed 1.5', '--seed should be a whole number below 2147483648, not 1.5.'],
  ['--data MARKET --elites 1', '--elites should be a whole number of at least 2, not 1.'],
  ['--data MARKET --alike 2', '--alike should be from 0 to 1, not 2.'],
  ['--data MARKET --hurdle 1', '--hurdle should be from 0 to below 1, not 1.'],
  ['--data MARKET --removal oldest', '--removal cannot be "oldest"; choose one of: age, fitness.'],
  ['--data MARKET --moves inser=1', '--moves does not know "inser"; did you mean insert?'],
  ['--data MARKET --moves insert', '--moves should be weights such as insert=2, not "insert".'],
  [
    '--data MARKET --moves insert=0,component=0,node=0,degenerate=0',
    /^Every mutation has weight 0; give one of insert, component, node, degenerate another\.$/,
  ],
  ['--data MARKET --rounds -1', '--rounds should be a whole number of at least 0, not -1.'],
  ['--data MARKET --rounds 5 --rounds 6', '--rounds takes one value and has 2.'],
  ['--data MARKET --minutes -1', '--minutes should be at least 0, not -1.'],
  ['--data MARKET --evaluations 0', '--evaluations should be a whole number of at least 1, not 0.'],
  ['--data MARKET --target high', '--target must be a number, not "high".'],
  ['--data MARKET --size 0', '--size should be a whole number of at least 1, not 0.'],
  ['--data MARKET --windows a', '--windows should be whole numbers above 0, such as 2,5,10,20, not "a".'],
  ['--data MARKET --windows ""', '--windows should be whole numbers above 0, such as 2,5,10,20, not "".'],
  ['--data MARKET --windows ,', '--windows "," names nothing; leave it out, or name what is meant.'],
  [
    '--data MARKET --windows 5,23',
    '--windows 5,23: a window of 23 is longer than the 22 training dates; leave it out, or train on more dates with --split.',
  ],
  ['--data MARKET --minute-windows 0,5', /^--minute-windows should be whole numbers above 0, /],
  ['--data MARKET --operators ts_meen=2', '--operators does not know "ts_meen"; did you mean ts_mean?'],
  ['--data MARKET --operators ts_mean', '--operators should be weights such as ts_mean=2, not "ts_mean".'],
  ['--data MARKET --fields CLOSEE', '--fields does not know "CLOSEE"; did you mean CLOSE?'],
  ['--data MARKET --fields ,', '--fields "," names nothing; leave it out, or name what is meant.'],
  ['--data MARKET --operators ", ,"', '--operators ", ," names nothing; leave it out, or name what is meant.'],
  ['--data MARKET --fields INDUSTRY', /^No factor of at most 4 operators, 3 deep, can be made of these fields /],
  ['--data MARKET --fitness sharpe', /^--fitness cannot be "sharpe"; choose one of: ic, /],
  ['--data MARKET --coverage 1.1', '--coverage should be from 0 to 1, not 1.1.'],
  ['--data MARKET --neutralise industri', '--neutralise does not know "industri"; did you mean industry?'],
  ['--data MARKET --neutralise size', /^--neutralise: .*CAP/],
  ['--data MARKET --novelty 0.1', '--novelty needs --beside: a file of the factors to keep away from.'],
  ['--data MARKET --split 0.5,0.2,0.2', /^The parts of a split should add up to 1, such as 0\.6, .* add up to 0\.9\.$/],
  ['--data MARKET --split 0,0.5,0.5', /^The train part of a split should be above 0, not 0: /],
  ['--data MARKET --split 1.2,-0.1,-0.1', /^The valid part of a split should be above 0, not -0\.1: /],
  ['--data MARKET --split 0.6,0.4', /^--split should be three shares such as 0\.6,0\.2,0\.2, or three ranges /],
  ['--data MARKET --split 0.9,0.05,0.05', /^The valid part, .* has 2 dates, and none is left beside an embargo of 2/],
  [
    '--data MARKET --split 2001-01-01:2001-02-01,2022-11-10:2022-11-20,2022-11-21:2022-11-30',
    /^The train part, 2001-01-01 to 2001-02-01, lies outside the market's dates, 2022-11-01 to /,
  ],
  ['--data MARKET --horizon 30', /^The train part, .* none is left beside an embargo of 31 dates /],
  ['--data MARKET --price ADJUSTED', /^--price cannot be "ADJUSTED"; choose one of: CLOSE, OPEN, VWAP\.$/],
  ['--data MARKET --batch 0', '--batch should be a whole number of at least 1, not 0.'],
  ['--data MARKET --correlation -1', '--correlation should be from 0 to 1, not -1.'],

  // Mining: what goes in and out, and this machine.
  ['--data absent', /^There is no market folder absent\. /],
  ['--data folder --resume', /^folder is not a market: /],
  ['--data MARKET --warm-start absent.json', 'There is no file absent.json.'],
  ['--data MARKET --warm-start folder.json', 'Cannot read folder.json: it is a folder.'],
  ['--data MARKET --warm-start broken.json', /^broken\.json is not valid JSON: /],
  ['--data MARKET --warm-start bytes.json', /^bytes\.json is not valid JSON: \P{Cc}*$/u],
  ['--data MARKET --warm-start no-factors.json', 'no-factors.json holds no factor.'],
  ['--data MARKET --warm-start no-seed.json', 'no-seed.json holds no factor to begin with.'],
  [
    '--data MARKET --beside one-unit.json',
    /^one-unit\.json cannot be compared with: one-unit\.json, factor 2: CLOSE is no factor: /,
  ],
  ['--data MARKET --out ""', 'The folder of the run has no name. Name one.'],
  ['--data MARKET --out empty-object', /^empty-object holds files that are not a run\. /],
  ['--data MARKET --out good.csv', /^good\.csv cannot be written: a part of its path is a file, not a folder\.$/],
  ['--data MARKET --out good.csv/run', /^good\.csv[/\\]run cannot be written: a part of its path is a file/],
  ['--data MARKET --out number-run', /^number-run is a run already\. Add --resume to go on with it, /],
  [
    '--data MARKET --out number-run --resume',
    /^number-run[/\\]run\.json was changed or damaged since the run was made; restore it, or start a new run\.$/,
  ],
  ['--data MARKET --workers 0', '--workers should be a whole number above 0, not 0.'],
  ['--data MARKET --workers 1.5', '--workers should be a whole number above 0, not 1.5.'],
  ['--data MARKET --memory 1KiB', '--memory 1KiB is not a size of at least 64MiB, such as 1GiB.'],
  ['--data MARKET --memory 64MiB --workers 250', /^250 workers need \d+ MiB of scratch and the budget is 64 MiB; /],
  ['--data MARKET --backend cuda', '--backend cannot be "cuda"; choose one of: wasm, gpu, webasm, auto.'],

  // Improving a factor.
  ['improve', '"evolve improve" needs FORMULA.'],
  ['improve CLOSE OPEN', '"evolve improve" does not take "OPEN".'],
  ['improve CLOSE --data MARKET', /^CLOSE is no factor: a factor must be a plain ratio, and this is price; /],
  ['improve close --data MARKET', /^close is no factor: a factor must be a daily value, /],
  ['improve CLOSEE/OPEN --data MARKET', 'Unknown field "CLOSEE" at character 1. Did you mean "CLOSE"?'],
  ['improve "ts_mean(CLOSE, 5" --data MARKET', 'The parenthesis opened at character 8 is never closed.'],
  ['improve "" --data MARKET', 'The expression is empty; nothing stands at character 1.'],
  ['improve library.json --data MARKET', /^A formula is improved, not a file such as library\.json: /],
  ['improve "ts_mean(close, 240) / CLOSE" --data MARKET', /longer than the day, which has 16\.$/],

  // Models.
  ['train', '"evolve train" needs MODEL.'],
  ['train alphanet', 'MODEL cannot be "alphanet". Did you mean "alphanet-v1"?'],
  ['train lstm', /^MODEL cannot be "lstm"; choose one of: alphanet-v1, /],
  ['train alphanet-v2 --data absent', /^There is no market folder absent\. /],
  ['train alphanet-v2 --data MARKET --out ""', "The model's folder has no name. Name one, such as --out model."],
  ['train alphanet-v2 --data MARKET --out good.csv', 'good.csv is a file. Give another --out.'],
  ['train alphanet-v2 --data MARKET --out cut', 'cut is a folder with something else in it. Give another --out.'],
  ['train alphanet-v2 --data MARKET --out broken-model --resume', /^broken-model[/\\]model\.json is damaged: /],
  ['train alphanet-v2 --data MARKET --out good.csv/in', 'good.csv is a file. Give another --out.'],
  ['train alphanet-v2 --data MARKET --horizon 1e15', '--horizon should be at most 10000, not 1000000000000000.'],
  ['train alphanet-v2 --data MARKET --lag 1e15', '--lag should be at most 10000, not 1000000000000000.'],
  [
    'train alphanet-v2 --data MARKET --fields OPEN,CLOSE --lag 9999',
    /^A label is known \d+ dates after its own, lag and horizon together/,
  ],
  ['train alphanet-v2 --data MARKET --networks 1e9', '--networks should be at most 1000, not 1000000000.'],
  ['train alphanet-v2 --data MARKET --units 1e8', '--units should be at most 1024, not 100000000.'],
  ['train alphanet-v2 --data MARKET --batch 1e8', '--batch should be at most 10000000, not 100000000.'],
  ['train alphanet-v2 --data MARKET --history 1e9', '--history should be at most 1000000, not 1000000000.'],
  ['train rnn-64 --data MARKET --factor-units 1e6', '--factor-units should be at most 4096, not 1000000.'],
  ['train alphanet-v2 --data MARKET --history 1', '--history should be a whole number of at least 2, not 1.'],
  ['train alphanet-v2 --data MARKET --every 0', '--every should be a whole number of at least 1, not 0.'],
  ['train alphanet-v2 --data MARKET --valid-share 1', '--valid-share should be between 0 and 1, not 1.'],
  ['train alphanet-v2 --data MARKET --retrain -1', '--retrain should be a whole number of at least 0, not -1.'],
  ['train alphanet-v2 --data MARKET --networks 0', '--networks should be a whole number of at least 1, not 0.'],
  ['train alphanet-v2 --data MARKET --seed 1e10', '--seed should be a whole number below 2147483648, not 10000000000.'],
  ['train alphanet-v2 --data MARKET --placebo', '--placebo needs a value.'],
  ['train alphanet-v2 --data MARKET --learning-rate 0', '--learning-rate should be above 0, not 0.'],
  ['train alphanet-v2 --data MARKET --dropout 1', '--dropout should be from 0 to below 1, not 1.'],
  ['train alphanet-v2 --data MARKET --epochs many', '--epochs must be a number, not "many".'],
  ['train alphanet-v2 --data MARKET --pair-fields 1', '--pair-fields should be 0, or at least 2, not 1.'],
  ['train alphanet-v2 --data MARKET --loss mae', '--loss cannot be "mae". Did you mean "mse"?'],
  ['train alphanet-v2 --data MARKET --neutral=maybe', '--neutral is on or off and takes no value such as "maybe".'],
  ['train alphanet-v2 --data MARKET --universe ""', '--universe should be the name of a field, not "".'],
  ['train alphanet-v2 --data MARKET --fields ,', '--fields "," names nothing. Name something, or leave it out.'],
  ['train alphanet-v2 --data MARKET --factors absent.json', 'There is no file absent.json.'],
  [
    'train alphanet-v2 --data MARKET --factors good.csv',
    '--factors good.csv should be a library, or another .json file of formulas.',
  ],
  ['train alphanet-v2 --data MARKET --factors folder', /^folder has no library\.json: name a run that is finished, /],
  [
    'train alphanet-v2 --data MARKET --factors mixed.json',
    'mixed.json, factor 1 "a": cannot add price to volume at character 7.',
  ],
  ['train alphanet-v2 --data MARKET --workers 0', '--workers should be a whole number above 0, not 0.'],
  ['train alphanet-v2 --data MARKET --memory 1KiB', '--memory 1KiB is not a size of at least 64MiB, such as 1GiB.'],
  ['train alphanet-v2 --data MARKET --memory 100GiB', '--memory 100GiB is too much: 4GiB at most.'],
  [
    'train alphanet-v2 --data MARKET --neutralise-labels none,size',
    '--neutralise-labels should be none alone, or a list without it, not none,size.',
  ],
  ['train alphanet-v2 --data MARKET --config nothing.json', /NOTHING/],
  ['train alphanet-v2 --data MARKET --backend gpu', '--backend cannot be "gpu". Did you mean "cpu"?'],
  [
    'train alphanet-v2 --data MARKET --dataset ms',
    '--dataset and --bar-minutes are for models of series. Leave them out for AlphaNets, which read a picture of daily fields.',
  ],
  ['train alphanet-v2 --data MARKET --factor-units 8', /^--factor-units is for models whose units are factors, /],
  ['train gru-15m --data MARKET --orthogonality 2', /^--orthogonality is for models whose units are factors, /],
  ['train gru-15m --data MARKET --pair-fields 4', /^--pair-fields is for AlphaNets, /],
  ['train rnn-1 --data MARKET --orthogonality 2', /^--orthogonality is about units that are alike, /],
  ['train gru-15m --data MARKET --batch -1', '--batch should be a whole number of at least 0, not -1.'],
  ['train gru-15m --data MARKET --bar-minutes 0', '--bar-minutes should be a whole number of at least 1, not 0.'],
  [
    'train gru-15m --data MARKET --bar-minutes 20',
    /^The market .* has bars of 15 minutes, of which bars of 20 cannot be made; /,
  ],
  [
    'train gru-15m --data MARKET --bar-minutes 480',
    /^A day of the market .* has \d+ minutes, and bars of 480 are longer\. Give a --bar-minutes of at most \d+\.$/,
  ],
  ['train gru-15m --data MARKET --dataset day', /^--dataset says what the units of rnn models learn from\. /],
  [
    'train gru-15m --data MARKET --fields CLOSE',
    /^--fields are daily series, and this model reads minute bars alone\. /,
  ],
  ['train rnn-64 --data MARKET --dataset daily', '--dataset cannot be "daily". Did you mean "day"?'],
  ['train rnn-64 --data MARKET --dataset l2', /^The data set l2 is what you bring; name its series with --fields, /],
  [
    'train rnn-64 --data MARKET --dataset ms --fields CLOSE',
    /^The data set ms has series of its own; leave --fields out, /,
  ],
  ['train rnn-64 --data MARKET --bar-minutes 15', /^--bar-minutes is for models that read minute bars one by one\. /],
  ['train rnn-64 --data MARKET --factor-units 0', '--factor-units should be a whole number of at least 1, not 0.'],
  ['predict', '"evolve predict" needs MODEL.'],
  ['predict folder', '"evolve predict" needs --out.'],
  [
    'predict folder --data MARKET --out s.csv',
    /^There is no model in folder: a model is a folder with a model\.json, /,
  ],
  ['predict good.csv --data MARKET --out s.csv', /^There is no model in good\.csv: /],
  ['predict broken-model --data MARKET --out s.csv', /^broken-model[/\\]model\.json is damaged: /],

  ['explain', '"evolve explain" needs MODEL.'],
  ['explain folder --data MARKET', /^There is no model in folder: /],
  ['explain folder --data MARKET --rows 0', '--rows should be a whole number above 0, not 0.'],
  ['explain folder --data MARKET --out why.parquet', '--out why.parquet is a table of values and must end in .csv.'],
  ['explain folder --data MARKET --out good.csv', /^good\.csv already exists\. Add --overwrite/],
  ['explain folder --data MARKET --report why.pdf', '--report why.pdf is a page and must end in .html.'],
  [
    'explain folder --data MARKET --pictures good.csv --out why.csv',
    /^Cannot write pictures into good\.csv: it is a file\./,
  ],

  // Benchmarks.
  ['bench nothing', /^WHAT cannot be "nothing"; choose one of: operators, search, /],
  ['bench operators --dates 0', '--dates should be a whole number above 0, not 0.'],
  ['bench search --data absent', /^There is no market folder absent\. /],
];

let folder: string;
let market: TestMarket;
let outcomes: Awaited<ReturnType<typeof evolveEach>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evolve-bad-'));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name.endsWith('/') ? name : dirname(name)), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(join(folder, name), content);
  }
  market = await troubledMarket({ rows: 40, columns: 5, bars: 16, seed: 1 });
  const word = (arg: string): string => (arg === 'MARKET' ? market.folder : arg.replaceAll('"', ''));
  const lines = rows.map(([line]) => (line.match(/"[^"]*"|\S+/g) ?? []).map(word));
  outcomes = await evolveEach(lines, { cwd: folder, env: { TMPDIR: temporary, TEMP: temporary, TMP: temporary } });
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(dirname(market.folder), { recursive: true });
});

test.each(rows.map(([line, sentence], i) => [line, sentence, i] as const))('evolve %s', (line, sentence, i) => {
  const { code, stdout, stderr } = outcomes[i] as (typeof outcomes)[number];
  const [first = ''] = stderr.split('\n');
  if (typeof sentence === 'string') expect(first).toBe(sentence);
  else expect(first).toMatch(sentence);
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: expect.stringMatching(line.includes('--json') ? /^$|error/ : /^$/),
  });
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stderr).toMatch(/^[\P{Cc}\n\t]*$/u);
});

test('nothing is left behind', () => {
  const made = Object.keys(files).flatMap((name) => (name.includes('/') ? [`${dirname(`${name}x`)}/`, name] : [name]));
  expect(everything(folder).sort()).toEqual([...new Set([...made, 'tmp/'])].map((name) => join(name)).sort());
});

const everything = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true, recursive: true }).map((entry) =>
    join(entry.parentPath ?? entry.path, entry.name, entry.isDirectory() ? '/' : '').slice(folder.length + 1),
  );
