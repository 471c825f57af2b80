package shopper

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// answerTimeout is longer than a healthy shop ever takes, and short enough to notice a dead one.
const answerTimeout = 10 * time.Second

// HTTP is a shopper without a browser.
type HTTP struct {
	client *http.Client
}

// NewHTTP returns a shopper who finds hosts by dial.
func NewHTTP(dial Dial) *HTTP {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if dial != nil {
		transport.DialContext, transport.Proxy = dial, nil // what dial does not know must not be asked of a proxy
	}
	return &HTTP{client: &http.Client{Transport: transport, Timeout: answerTimeout}}
}

// Close ends the connections that are kept.
func (h *HTTP) Close() error {
	h.client.CloseIdleConnections()
	return nil
}

// Shop is an open shop: config.json of its site, and the API that it names.
type Shop struct {
	Host     string `json:"host"`
	Region   string `json:"region"`
	Instance string `json:"instance"`
	client   *http.Client
}

// User is a customer as the shop knows them.
type User struct {
	UUID      string `json:"uuid"`
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
}

// Unicorn is one of the catalogue.
type Unicorn struct {
	UUID        string  `json:"uuid"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Price       float64 `json:"price"`
	Image       string  `json:"image"`
}

// Refusal is an answer of the shop, or of its site, that is not the one asked for.
type Refusal struct {
	Request string // method and URL
	Status  int
	Title   string `json:"title"`  // of the problem document, if it is one
	Detail  string `json:"detail"` // of the problem document, if it is one
}

func (r *Refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %d %s %s", r.Request, r.Status, r.Title, r.Detail))
}

// Open reads the config.json of a site. An empty site is a [Refusal].
func (h *HTTP) Open(ctx context.Context, site string) (*Shop, error) {
	address, err := url.JoinPath(site, "config.json")
	if err != nil {
		return nil, err
	}
	shop := &Shop{client: h.client}
	if err := request(ctx, h.client, http.MethodGet, address, nil, shop); err != nil {
		return nil, err
	}
	if shop.Host == "" {
		return nil, fmt.Errorf("%s names no host", address)
	}
	return shop, nil
}

// Walk is the journey of a new customer: sign up, unicorns into the basket, log in again, the basket kept.
func (h *HTTP) Walk(ctx context.Context, site string, who Person) (Visit, error) {
	shop, err := h.Open(ctx, site)
	if err != nil {
		return Visit{}, err
	}
	unicorns, err := shop.Unicorns(ctx)
	if err != nil {
		return Visit{}, err
	}
	user, err := shop.SignUp(ctx, who)
	if err != nil {
		return Visit{}, err
	}
	var chosen []string
	for _, unicorn := range unicorns[:min(choices, len(unicorns))] {
		if err := shop.Put(ctx, user, unicorn); err != nil {
			return Visit{}, err
		}
		chosen = append(chosen, unicorn.Name)
	}
	visit, err := h.Return(ctx, site, who)
	if err != nil {
		return Visit{}, err
	}
	return visit, sameBasket("after logging in again", visit.Basket, chosen)
}

// Return is the journey of a known customer, at this site or another: log in, look into the basket.
func (h *HTTP) Return(ctx context.Context, site string, who Person) (Visit, error) {
	shop, err := h.Open(ctx, site)
	if err != nil {
		return Visit{}, err
	}
	user, err := shop.LogIn(ctx, who.Email)
	if err != nil {
		return Visit{}, err
	}
	basket, err := shop.Basket(ctx, user)
	if err != nil {
		return Visit{}, err
	}
	visit := Visit{Region: shop.Region, Instance: shop.Instance}
	for _, unicorn := range basket {
		visit.Basket = append(visit.Basket, unicorn.Name)
	}
	return visit, nil
}

// Unicorns is the catalogue.
func (s *Shop) Unicorns(ctx context.Context) (all []Unicorn, err error) {
	err = s.call(ctx, http.MethodGet, "/unicorns", nil, &all)
	return all, err
}

// SignUp makes a customer; an address that is known already is a [Refusal].
func (s *Shop) SignUp(ctx context.Context, who Person) (user User, err error) {
	body := map[string]string{"email": who.Email, "firstName": who.FirstName, "lastName": who.LastName}
	err = s.call(ctx, http.MethodPost, "/user", body, &user)
	return user, err
}

// LogIn finds a customer; an unknown address is a [Refusal].
func (s *Shop) LogIn(ctx context.Context, email string) (user User, err error) {
	err = s.call(ctx, http.MethodPost, "/user/login", map[string]string{"email": email}, &user)
	return user, err
}

// Put puts a unicorn into the customer's basket.
func (s *Shop) Put(ctx context.Context, user User, unicorn Unicorn) error {
	return s.call(ctx, http.MethodPost, "/unicorns/basket", map[string]string{"uuid": user.UUID, "unicornUuid": unicorn.UUID}, nil)
}

// Basket is what is in the customer's basket.
func (s *Shop) Basket(ctx context.Context, user User) ([]Unicorn, error) {
	var basket struct {
		Unicorns []Unicorn `json:"unicorns"`
	}
	err := s.call(ctx, http.MethodGet, "/unicorns/basket/"+url.PathEscape(user.UUID), nil, &basket)
	return basket.Unicorns, err
}

// call asks the host of config.json, which may carry a scheme.
func (s *Shop) call(ctx context.Context, method, path string, body, answer any) error {
	address := s.Host + path
	if !strings.Contains(s.Host, "://") {
		address = "http://" + address
	}
	return request(ctx, s.client, method, address, body, answer)
}

func request(ctx context.Context, client *http.Client, method, address string, body, answer any) error {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, address, &content)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		refusal := &Refusal{Request: method + " " + address, Status: response.StatusCode}
		_ = json.NewDecoder(response.Body).Decode(refusal) // a site's own error page is no problem document
		return refusal
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("%s %s: the answer is not what it should be: %w", method, address, err)
	}
	return nil
}
