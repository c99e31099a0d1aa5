import type { ReactNode } from 'react';

/** A column by its name; numbers stand to the right. */
export type Column = string | { readonly name: string; readonly isNumber: true };

export function numbers(...names: readonly string[]): Column[] {
  return names.map((name) => ({ name, isNumber: true }));
}

/** Rows under named columns; what is too wide is scrolled to, also with the keyboard. */
export function Table(props: {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly children: ReactNode;
}) {
  return (
    <div className="wk-scroll" tabIndex={0} role="region" aria-label={props.label}>
      <table className="wk-table">
        <thead>
          <tr>
            {props.columns.map((column) =>
              typeof column === 'string' ? (
                <th key={column} scope="col">
                  {column}
                </th>
              ) : (
                <th key={column.name} scope="col" className="wk-number">
                  {column.name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}
