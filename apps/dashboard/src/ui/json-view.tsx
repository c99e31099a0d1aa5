import { allExpanded, collapseAllNested, defaultStyles, JsonView } from 'react-json-view-lite';
import 'react-json-view-lite/dist/index.css';
import { TextViewer } from './text-viewer.js';

/** Beyond this a tree of elements is slower to draw than to read as text. */
const TREE_CHARACTERS_MAX = 60_000;
const OPEN_CHARACTERS_MAX = 3_000;

const styles = { ...defaultStyles, container: 'wk-json', noQuotesForStringValues: false };

/** Any JSON: as a tree to open and close, or as text when it is large. */
export function JsonValue({ value, name }: { readonly value: unknown; readonly name: string }) {
  const text = JSON.stringify(value, null, 2);
  if (typeof value !== 'object' || value === null || text.length > TREE_CHARACTERS_MAX)
    return <TextViewer text={typeof value === 'string' ? value : text} name={name} />;
  return (
    <div className="wk-pre">
      <JsonView
        data={value}
        style={styles}
        shouldExpandNode={text.length > OPEN_CHARACTERS_MAX ? collapseAllNested : allExpanded}
      />
    </div>
  );
}
