import { begin, edit, redo, undo } from './history';

test('every edit can be undone and done again, in order', () => {
  let history = begin(0);
  for (let value = 1; value <= 300; value += 1) history = edit(history, value, { at: value });
  for (let value = 299; value >= 0; value -= 1) {
    history = undo(history);
    expect(history.present).toBe(value);
  }
  expect(undo(history)).toBe(history);
  for (let value = 1; value <= 300; value += 1) history = redo(history);
  expect(history.present).toBe(300);
  expect(redo(history)).toBe(history);
});

test('typing in one field is one step back, a pause begins another', () => {
  let history = begin('');
  history = edit(history, 'a', { about: 'title', at: 0 });
  history = edit(history, 'ab', { about: 'title', at: 500 });
  history = edit(history, 'abc', { about: 'title', at: 5000 });
  history = undo(history);
  expect(history.present).toBe('ab');
  expect(undo(history).present).toBe('');
});

test('an edit after undo forgets what was undone', () => {
  let history = edit(begin('a'), 'b', { at: 0 });
  history = edit(undo(history), 'c', { at: 1 });
  expect(redo(history).present).toBe('c');
});

test('undo ends a run of typing, so that what follows is an edit of its own', () => {
  let history = edit(begin(''), 'a', { about: 'title', at: 0 });
  history = undo(history);
  history = edit(history, 'b', { about: 'title', at: 100 });
  expect(undo(history).present).toBe('');
});
