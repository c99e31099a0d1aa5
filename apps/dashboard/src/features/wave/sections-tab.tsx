import { Text, UnstyledButton } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { Fragment } from 'react';
import type { ContextManifest, ContextSection } from '../../api/generated/types.gen.js';
import { wholeNumber } from '../../ui/format.js';
import { TextViewer } from '../../ui/text-viewer.js';
import { coverageOf, omissionText, sectionText } from './wave-model.js';

const route = getRouteApi('/shell/waves/$waveId');

/** Section by section: tokens, what it may have, what stands in it and what does not. One is open, and in the address. */
export function SectionsTab({ context }: { readonly context: ContextManifest }) {
  const { section: open } = route.useSearch();
  const navigate = route.useNavigate();
  const toggle = (name: string) =>
    void navigate({
      search: (search) => ({ ...search, section: open === name ? undefined : name }),
      replace: true,
    });
  return (
    <div className="wk-scroll">
      <table className="wk-table">
        <thead>
          <tr>
            <th scope="col">Section</th>
            <th scope="col" className="wk-number">
              Tokens
            </th>
            <th scope="col" className="wk-number">
              May have
            </th>
            <th scope="col">On the page</th>
          </tr>
        </thead>
        <tbody>
          {context.sections.map((section) => (
            <Fragment key={section.name}>
              <tr>
                <td>
                  <UnstyledButton
                    aria-expanded={open === section.name}
                    onClick={() => toggle(section.name)}
                    fz="sm"
                    style={{ display: 'flex', alignItems: 'center', gap: 10 }}
                  >
                    <span className={`wk-swatch wk-${section.name}`} />
                    {section.name} {section.title}
                  </UnstyledButton>
                </td>
                <td className="wk-number">{wholeNumber(section.tokens)}</td>
                <td className="wk-number">{wholeNumber(section.ceiling)}</td>
                <td>{coverageOf(section)}</td>
              </tr>
              {open === section.name && (
                <tr>
                  <td colSpan={4}>
                    <SectionDetail context={context} section={section} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const BLOCKS_SHOWN_MAX = 60;

function SectionDetail({
  context,
  section,
}: {
  readonly context: ContextManifest;
  readonly section: ContextSection;
}) {
  return (
    <>
      <TextViewer text={sectionText(context, section.name)} name={`${section.name}.txt`} />
      {section.omitted.length > 0 && (
        <Text fz="sm" mt="sm" component="div">
          <b>Left out</b>
          <ul>
            {section.omitted.map((omission, place) => (
              <li key={place}>{omissionText(omission)}</li>
            ))}
          </ul>
        </Text>
      )}
      <details>
        <summary>
          <Text span fz="sm">
            {section.blocks.length} blocks by source and hash
          </Text>
        </summary>
        <table className="wk-table">
          <thead>
            <tr>
              <th scope="col">Block</th>
              <th scope="col">From</th>
              <th scope="col">As</th>
              <th scope="col" className="wk-number">
                Tokens
              </th>
              <th scope="col">sha-256</th>
            </tr>
          </thead>
          <tbody>
            {section.blocks.slice(0, BLOCKS_SHOWN_MAX).map((block, place) => (
              <tr key={place}>
                <td>{block.ref}</td>
                <td>{block.source}</td>
                <td>{block.rung}</td>
                <td className="wk-number">{wholeNumber(block.tokens)}</td>
                <td className="wk-mono">{block.sha256.slice(0, 12)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
