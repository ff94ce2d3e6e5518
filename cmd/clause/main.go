// Command clause runs the privacy and security policy that a company publishes.
//
// Every subcommand is a struct in a file of its own, with a Run method that takes *env.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // deadlines are counted in the calendar's zone, on machines without a database of zones too

	"github.com/alecthomas/kong"
)

// cli holds a field for each subcommand.
type cli struct {
	Demo        demoCmd        `cmd:"" help:"Serve an example policy with made-up people from a temporary folder, and walk through what it does."`
	Check       checkCmd       `cmd:"" help:"Check a policy file: every mistake in it, each with its place and what to do."`
	Publish     publishCmd     `cmd:"" help:"Write what people, authorities and machines read, from the policy: statements, records, security.txt."`
	Diff        diffCmd        `cmd:"" help:"Tell what changed in meaning between two versions of a policy: whom to tell, whom to ask again, and when it can take effect."`
	Draft       draftCmd       `cmd:"" help:"Make a policy skeleton of the prose you publish: every promise with the controls that could keep it."`
	Schema      schemaCmd      `cmd:"" help:"Print the policy language as a JSON Schema, for editors."`
	Init        initCmd        `cmd:"" help:"Set a server up: folders, root key, store and the first application."`
	Serve       serveCmd       `cmd:"" help:"Serve a store that was set up."`
	Verify      verifyCmd      `cmd:"" help:"Have a server run every probe now, and show what is kept."`
	Explain     explainCmd     `cmd:"" help:"Tell how a clause is kept: its controls, their parameters, the newest evidence."`
	Tenant      tenantCmd      `cmd:"" help:"Make, list and erase tenants."`
	Policy      policyCmd      `cmd:"" help:"Announce new versions of the policy before they take effect."`
	Application applicationCmd `cmd:"" help:"Make, list and revoke the keys of programs that may call."`
	Agent       agentCmd       `cmd:"" help:"Say which agents may exercise people's rights for them, by the Data Rights Protocol."`
	Staff       staffCmd       `cmd:"" help:"Say which of your people may see customers' data, on whose leave, and review it."`
	AdminKey    adminKeyCmd    `cmd:"" help:"Make another administrator, at the server's machine, where the last key was lost."`
	Alert       alertCmd       `cmd:"" help:"See what whoever is on call was told, and acknowledge it."`
	Backup      backupCmd      `cmd:"" help:"Write an encrypted backup of a store."`
	Restore     restoreCmd     `cmd:"" help:"Fill a new store from a backup, without those who were erased since."`
	Connect     connectCmd     `cmd:"" help:"Check the systems outside the vault that hold copies of people's data."`
	Leaked      leakedCmd      `cmd:"" help:"Make the list of leaked passwords that nobody may choose."`
	Letters     lettersCmd     `cmd:"" help:"Print the letters by which people are told, and say that they were posted."`
	Mail        mailCmd        `cmd:"" help:"Hand in mail that came back."`
	Drill       drillCmd       `cmd:"" help:"Do what one hopes never to need, from end to end, with made-up people."`
	Ledger      ledgerCmd      `cmd:"" help:"Check the record of everything that happened."`
	Certificate certificateCmd `cmd:"" help:"Check a certificate of erasure, without a server."`

	Version kong.VersionFlag `help:"Print the version and exit."`
}

const description = `Clause runs the privacy and security policy a company publishes: it stores the personal data, decides every access, and proves that each clause is kept.

Exit status:

	0  done; all that was asked about holds
	1  something is not kept, or failed
	2  the command line, or a file or request it names, is wrong
	3  not possible now: something is unreachable, locked or full; try again
`

// env is what a subcommand may use of the process around it.
type env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
	Context        context.Context // ends at Ctrl-C
	Colour         bool            // Stdout is a terminal that shows colours
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	os.Exit(run(os.Args[1:], &env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Now:     time.Now,
		Context: ctx,
		Colour:  colours(os.Stdout),
	}))
}

// run runs one command line and returns the exit status.
func run(args []string, e *env) int {
	parser, err := kong.New(&cli{},
		kong.Name("clause"),
		kong.Description(description),
		kong.Writers(e.Stdout, e.Stderr),
		kong.Vars{"version": version()},
	)
	if err != nil {
		return report(e, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return report(e, usage(err))
	}
	return report(e, command.Run(e))
}

// version is that of the module, or of the commit when built from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "clause (version unknown)"
	}
	return "clause " + info.Main.Version
}

// status ends the process with an exit status when the command has said all there is to say.
type status int

func (s status) Error() string { return "see above" }

// notKept is the status of a command that showed what is not kept, or failed.
const notKept status = 1

func statusOf(err error) (status, bool) {
	var s status
	ok := errors.As(err, &s)
	return s, ok
}
