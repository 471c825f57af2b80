package shopper

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// data is what the databases of both regions hold.
type data struct {
	mutex    sync.Mutex
	unicorns []Unicorn
	users    []User
	baskets  map[string][]string // user to unicorns
}

// fakeShop is the API of one region, as the interface has it: whatever the interface does not allow is refused.
type fakeShop struct {
	*data
	region, origin string
	readOnly, down atomic.Bool
	forgetful      atomic.Bool // empties all baskets when a customer logs in
	slow           atomic.Bool // takes its time to show a basket
}

func (s *fakeShop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.down.Load() {
		panic(http.ErrAbortHandler) // no answer at all
	}
	if s.slow.Load() && r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/unicorns/basket/") {
		time.Sleep(300 * time.Millisecond)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if origin := r.Header.Get("Origin"); origin != "" && origin != s.origin {
		problem(w, http.StatusForbidden, "This origin may not call.")
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", s.origin)
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
		w.Header().Set("Access-Control-Allow-Headers", "content-type")
		return
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /unicorns", s.catalogue)
	routes.HandleFunc("GET /unicorns/basket/{user}", s.basket)
	routes.HandleFunc("POST /unicorns/basket", s.write(s.add))
	routes.HandleFunc("DELETE /unicorns/basket", s.write(s.remove))
	routes.HandleFunc("POST /user", s.write(s.signUp))
	routes.HandleFunc("POST /user/login", s.logIn)
	routes.HandleFunc("GET /health/dbping", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"writer": !s.readOnly.Load(), "region": s.region})
	})
	routes.ServeHTTP(w, r)
}

func (s *fakeShop) write(do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.readOnly.Load() {
			w.Header().Set("Retry-After", "2")
			problem(w, http.StatusServiceUnavailable, "The database cannot be written.")
			return
		}
		do(w, r)
	}
}

func (s *fakeShop) catalogue(w http.ResponseWriter, _ *http.Request) {
	if len(s.unicorns) == 0 {
		problem(w, http.StatusServiceUnavailable, "The catalogue is empty.")
		return
	}
	answer(w, http.StatusOK, s.unicorns)
}

func (s *fakeShop) signUp(w http.ResponseWriter, r *http.Request) {
	var form struct{ Email, FirstName, LastName string }
	if !body(w, r, &form) {
		return
	}
	if form.Email == "" {
		problem(w, http.StatusBadRequest, "email is missing.")
		return
	}
	if s.user(form.Email) != nil {
		problem(w, http.StatusConflict, "There is a customer with this e-mail address already.")
		return
	}
	user := User{fmt.Sprintf("00000000-0000-4000-8000-%012d", len(s.users)+1), form.Email, form.FirstName, form.LastName}
	s.users = append(s.users, user)
	answer(w, http.StatusCreated, user)
}

func (s *fakeShop) logIn(w http.ResponseWriter, r *http.Request) {
	var form struct{ Email string }
	if !body(w, r, &form) {
		return
	}
	user := s.user(form.Email)
	if user == nil {
		problem(w, http.StatusBadRequest, "There is no customer with this e-mail address.")
		return
	}
	if s.forgetful.Load() {
		clear(s.baskets)
	}
	answer(w, http.StatusOK, user)
}

func (s *fakeShop) basket(w http.ResponseWriter, r *http.Request) {
	if s.user(r.PathValue("user")) == nil {
		problem(w, http.StatusNotFound, "There is no such customer.")
		return
	}
	basket := []Unicorn{}
	for _, uuid := range s.baskets[r.PathValue("user")] {
		basket = append(basket, *s.unicorn(uuid))
	}
	answer(w, http.StatusOK, map[string]any{"uuid": r.PathValue("user"), "unicorns": basket})
}

func (s *fakeShop) add(w http.ResponseWriter, r *http.Request) {
	if user, unicorn, ok := s.item(w, r); ok && !slices.Contains(s.baskets[user], unicorn) {
		s.baskets[user] = append(s.baskets[user], unicorn)
	}
}

func (s *fakeShop) remove(w http.ResponseWriter, r *http.Request) {
	if user, unicorn, ok := s.item(w, r); ok {
		s.baskets[user] = slices.DeleteFunc(s.baskets[user], func(uuid string) bool { return uuid == unicorn })
	}
}

// item reads which unicorn is meant in whose basket, and has answered already when it is not ok.
func (s *fakeShop) item(w http.ResponseWriter, r *http.Request) (user, unicorn string, ok bool) {
	var item struct {
		UUID        string `json:"uuid"`
		UnicornUUID string `json:"unicornUuid"`
	}
	if !body(w, r, &item) {
		return "", "", false
	}
	if s.user(item.UUID) == nil || s.unicorn(item.UnicornUUID) == nil {
		problem(w, http.StatusNotFound, "There is no such customer or unicorn.")
		return "", "", false
	}
	w.WriteHeader(http.StatusNoContent)
	return item.UUID, item.UnicornUUID, true
}

func (d *data) user(uuidOrEmail string) *User {
	for i, user := range d.users {
		if user.UUID == uuidOrEmail || user.Email == uuidOrEmail {
			return &d.users[i]
		}
	}
	return nil
}

func (d *data) unicorn(uuid string) *Unicorn {
	for i, unicorn := range d.unicorns {
		if unicorn.UUID == uuid {
			return &d.unicorns[i]
		}
	}
	return nil
}

func body(w http.ResponseWriter, r *http.Request, into any) bool {
	if r.Header.Get("Content-Type") != "application/json" {
		problem(w, http.StatusUnsupportedMediaType, "JSON is needed.")
		return false
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}

func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}

const (
	seedFile = "../../unishop/src/main/resources/db/migration/V2__unicorns.sql"
	pageDir  = "../../unishop/page"
)

var seedRow = regexp.MustCompile(`\('([0-9a-f-]{36})', '((?:[^']|'')+)', '((?:[^']|'')+)', ([0-9.]+), '((?:[^']|'')+)'\)`)

// seed is the catalogue that the application puts into its database.
func seed(t *testing.T) []Unicorn {
	t.Helper()
	text, err := os.ReadFile(seedFile)
	require.NoError(t, err)
	var unicorns []Unicorn
	for _, row := range seedRow.FindAllStringSubmatch(string(text), -1) {
		price, err := strconv.ParseFloat(row[4], 64)
		require.NoError(t, err)
		unquoted := func(i int) string { return strings.ReplaceAll(row[i], "''", "'") }
		unicorns = append(unicorns, Unicorn{row[1], unquoted(2), unquoted(3), price, unquoted(5)})
	}
	require.Equal(t, strings.Count(string(text), ".svg'"), len(unicorns), "a row of %s is not understood", seedFile)
	require.NotEmpty(t, unicorns)
	return unicorns
}

// serve runs a handler until the test ends, and returns its address.
func serve(t *testing.T, handler http.Handler) string {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = discard
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
