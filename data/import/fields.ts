/** How the fields of an imported market are called and measured. */
import { money, price, shares, type Unit } from '../../core/units.ts';
import type { FieldInfo } from '../market.ts';
import type { ExtraField } from './settings.ts';

const barUnits: Readonly<Record<string, Unit>> = {
  open: price,
  high: price,
  low: price,
  close: price,
  volume: shares,
  amount: money,
  vwap: price,
};

const docs: Readonly<Record<string, string>> = {
  open: 'First price',
  high: 'Highest price',
  low: 'Lowest price',
  close: 'Last price',
  volume: 'Shares traded',
  amount: 'Money traded',
  vwap: 'Volume-weighted average price',
};

export const barNames = Object.keys(barUnits);

/** `how` tells what was done to the source's own numbers: ", adjusted". */
export function barField(column: string, kind: 'm' | 'b', how: string): FieldInfo {
  const name = kind === 'm' ? column.toUpperCase() : column;
  return {
    name,
    kind,
    unit: barUnits[column] as Unit,
    doc: `${docs[column]} of the ${kind === 'm' ? 'date' : 'bar'}${how}`,
  };
}

export const extraField = ({ name, use, unit }: ExtraField): FieldInfo => ({
  name,
  kind: name === name.toLowerCase() ? 'b' : 'm',
  unit,
  doc: `Column ${use.column}${use.scale === 1 ? '' : ` times ${use.scale}`} of the source`,
});
