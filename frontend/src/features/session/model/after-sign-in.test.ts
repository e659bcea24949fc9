import { safeReturn } from './after-sign-in';

test('signing in leads back to a page of this site and to no other', () => {
  expect(safeReturn('/vaults/1?tab=search')).toBe('/vaults/1?tab=search');
  for (const elsewhere of [null, 'https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) {
    expect(safeReturn(elsewhere)).toBe('/');
  }
});
