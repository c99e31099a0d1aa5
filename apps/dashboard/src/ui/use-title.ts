import { useDocumentTitle } from '@mantine/hooks';
import { useOpenQuestions } from '../api/use-open-questions.js';

/** Names the tab: how many questions wait, and where this is. */
export function useTitle(title: string | undefined): void {
  const open = useOpenQuestions();
  useDocumentTitle(`${open > 0 ? `(${open}) ` : ''}${title ?? '…'} · Wavekeeper`);
}
