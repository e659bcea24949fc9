/** The value of a setting as a person would say it. */

export interface KnownNames {
  vaultNames: ReadonlyMap<string, string>;
}

export function inWords(value: unknown, names: KnownNames): string {
  if (value === null || value === undefined || value === '') return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return names.vaultNames.get(value) ?? value;
  if (Array.isArray(value)) {
    const isOfRows = value.some((item) => typeof item === 'object' && item !== null);
    return value.map((item: unknown) => inWords(item, names)).join(isOfRows ? '\n' : ', ');
  }
  if (typeof value === 'object') {
    return Object.entries(value)
      .filter(([name, field]) => name !== 'id' && field !== '' && field !== null)
      .map(([name, field]) => `${name.replaceAll('_', ' ')}: ${inWords(field, names)}`)
      .join(' · ');
  }
  return JSON.stringify(value);
}
