/** The steps of a run; one that has steps inside opens into its rounds. */
import { Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';

import { formatMilliseconds } from '~/ui/format';

import { roundsOf, type RunView, type StepView } from '../model/run-view';
import { KindIcon } from './kind-icon';
import classes from './run-panel.module.css';
import { StepDetails } from './step-details';

interface StepListProps {
  label: string;
  run: RunView;
  steps: readonly StepView[];
  onOpen: (nodeId: string) => void;
}

export function StepList({ label, run, steps, onOpen }: StepListProps) {
  const [openStep, setOpenStep] = useState<number | null>(null);
  return (
    <ol className={classes.steps} aria-label={label}>
      {steps.map((step, index) => (
        <li key={index}>
          <UnstyledButton
            className={classes.step}
            data-state={step.state}
            aria-expanded={openStep === index}
            onClick={() => {
              setOpenStep(openStep === index ? null : index);
              onOpen(step.nodeId);
            }}
          >
            <KindIcon kind={step.kind} size={16} />
            <span className={classes.title}>{step.title}</span>
            <span className={classes.time}>
              {step.state === 'running' ? 'running…' : step.state === 'failed' ? 'failed' : formatMilliseconds(step.tookMs ?? 0)}
            </span>
          </UnstyledButton>
          {openStep === index && (
            <>
              <StepDetails step={step} />
              {roundsOf(run, step).map(({ number, steps: inner }) => (
                <div key={number} className={classes.round}>
                  <Text fz="xs" c="dimmed" mb={4}>
                    Number {number}
                  </Text>
                  <StepList label={`Steps of number ${number}`} run={run} steps={inner} onOpen={onOpen} />
                </div>
              ))}
            </>
          )}
        </li>
      ))}
    </ol>
  );
}
