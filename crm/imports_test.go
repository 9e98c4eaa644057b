package crm_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/coursecrm/coursecrm"

// rooms is the import table of the architecture: for each package what it may import of ours and
// of others. "features" stands for segment, campaign, shortlink and funnel.
var rooms = map[string]struct{ ours, others string }{
	"hostadapter":          {"", ""},
	"hostadapter/hosttest": {"hostadapter", ""},
	"internal/fault":       {"", ""},
	"internal/audit":       {"", ""},
	"internal/memo":        {"", ""},
	"internal/sheet":       {"", "github.com/xuri/excelize/v2"},
	"internal/telemetry":   {"", "go.opentelemetry.io/otel"},
	"internal/projection":  {"hostadapter internal/fault", ""},
	"segment":              {"hostadapter internal/fault internal/memo", ""},
	"shortlink":            {"hostadapter internal/fault internal/memo", "golang.org/x/sync"},
	"campaign":             {"hostadapter internal/fault segment shortlink", "github.com/osteele/liquid github.com/yuin/goldmark"},
	"funnel":               {"hostadapter internal/fault internal/memo segment", ""},
	"campaign/email":       {"campaign hostadapter internal/fault", "github.com/wneessen/go-mail github.com/emersion/go-msgauth"},
	"campaign/sms":         {"campaign hostadapter internal/fault", ""},
	"campaign/message":     {"campaign hostadapter internal/fault", ""},
	"crm/dossier":          {"hostadapter internal/fault segment campaign shortlink funnel", ""},
	"crm/followup":         {"hostadapter internal/fault segment funnel", ""},
	"crm/label":            {"hostadapter internal/fault segment funnel", ""},
	"crm/report":           {"hostadapter internal/fault segment campaign funnel", ""},
	"crm/setting":          {"hostadapter internal/fault campaign", ""},
	"crm/erasure":          {"hostadapter internal/fault segment", ""},
	"crm/health":           {"", ""},
	"crm/home":             {"hostadapter internal/fault segment campaign shortlink", ""},
	"storage": {"hostadapter internal/fault internal/audit internal/projection segment campaign shortlink crm/report crm/dossier crm/home crm/followup funnel crm/label crm/setting crm/erasure crm/health",
		"github.com/uptrace/bun github.com/jackc/pgx/v5"},
	"internal/jobs": {"internal/fault internal/projection segment campaign shortlink crm/dossier crm/home hostadapter crm/health", "github.com/hibiken/asynq"},
	"internal/web":  {"internal/fault internal/audit internal/desk internal/sheet internal/projection segment campaign shortlink crm/report crm/dossier crm/home hostadapter crm/followup funnel crm/label crm/setting crm/erasure crm/health", "github.com/go-playground/validator/v10"},
	"internal/api":  {"internal/fault internal/audit internal/desk internal/sheet internal/projection segment campaign shortlink crm/report crm/dossier crm/home hostadapter crm/followup crm/setting crm/erasure crm/health funnel crm/label", "github.com/danielgtaylor/huma/v2"},
	"internal/desk": {"hostadapter internal/fault internal/audit segment campaign crm/dossier crm/home", "rsc.io/qr"},
	"crm": {"hostadapter internal/fault internal/telemetry internal/projection internal/jobs internal/web internal/api segment campaign campaign/email campaign/sms campaign/message shortlink storage crm/report crm/dossier crm/home crm/followup funnel crm/label crm/setting crm/erasure crm/health",
		"github.com/hibiken/asynq github.com/go-playground/validator/v10 go.opentelemetry.io/otel"},
	"examples/start":        {"crm hostadapter", "github.com/hibiken/asynq github.com/jackc/pgx/v5"},
	"internal/devstack":     {"", "github.com/jackc/pgx/v5"},
	"internal/devstack/run": {"internal/devstack", ""},
	"internal/pgtest":       {"internal/devstack", "github.com/jackc/pgx/v5"},
	"internal/bench":        {"crm crm/dossier crm/home crm/report funnel hostadapter hostadapter/hosttest internal/devstack internal/projection internal/jobs campaign campaign/email segment shortlink storage", "github.com/jackc/pgx/v5 github.com/hibiken/asynq"},
}

// TestImports holds every package to the table, so that a wall moves only on purpose.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for dec.More() {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		room, ok := rooms[strings.TrimPrefix(p.ImportPath, module+"/")]
		if !ok {
			t.Errorf("%s is not in the table", p.ImportPath)
			continue
		}
		seen++
		for _, path := range p.Imports {
			own, isOurs := strings.CutPrefix(path, module+"/")
			first, _, _ := strings.Cut(path, "/")
			switch {
			case isOurs && !slices.Contains(strings.Fields(room.ours), own):
				t.Errorf("%s may not import %s", p.ImportPath, own)
			case !isOurs && strings.Contains(first, ".") && !slices.ContainsFunc(strings.Fields(room.others), func(prefix string) bool { return within(path, prefix) }):
				t.Errorf("%s may not import %s", p.ImportPath, path)
			}
		}
	}
	if seen != len(rooms) {
		t.Errorf("the table has %d rooms, the house %d", len(rooms), seen)
	}
}

func within(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

// direct is all that the library asks of a host's module graph; what these need themselves comes
// with them. README gives the reason for each.
var direct = []string{
	"github.com/danielgtaylor/huma/v2",
	"github.com/emersion/go-msgauth",
	"github.com/go-playground/validator/v10",
	"github.com/hibiken/asynq",
	"github.com/jackc/pgx/v5",
	"github.com/osteele/liquid",
	"github.com/uptrace/bun",
	"github.com/uptrace/bun/dialect/pgdialect",
	"github.com/wneessen/go-mail",
	"github.com/xuri/excelize/v2",
	"github.com/yuin/goldmark",
	"go.opentelemetry.io/otel",
	"go.opentelemetry.io/otel/metric",
	"go.opentelemetry.io/otel/trace",
	"golang.org/x/net", // of our tests; excelize brings it anyway
	"golang.org/x/sync",
	"rsc.io/qr",
}

// TestModuleGraph lists what a host that imports us downloads: no test library, no browser.
func TestModuleGraph(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatalf("go mod edit: %v", err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range file.Require {
		if !r.Indirect {
			got = append(got, r.Path)
		}
		for _, never := range []string{"testify", "go-cmp", "rapid", "chromedp", "go-smtp", "miniredis", "staticcheck"} {
			if strings.Contains(r.Path, never) {
				t.Errorf("%s would land in our users' module graph", r.Path)
			}
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, direct) {
		t.Errorf("requires %v, want %v", got, direct)
	}
}
