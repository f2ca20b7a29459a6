import type { Argv, CommandModule } from 'yargs';

/** `evolve completion`: the script that makes a shell complete commands and flags. */
export const completion = (cli: Argv): CommandModule => ({
  command: 'completion',
  describe: 'Print the completion script of your shell (bash, zsh or fish)',
  builder: (options) =>
    options
      .example('evolve completion >> ~/.bashrc', 'bash')
      .example('evolve completion >> ~/.zshrc', 'zsh')
      .example('evolve completion > ~/.config/fish/completions/evolve.fish', 'fish'),
  handler: () => {
    cli.showCompletionScript();
  },
});
