// A subscriber by the official client for Go: subscriber <url> <token>. It does what the one in
// ../python does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/centrifugal/centrifuge-go"
)

func main() {
	client := centrifuge.NewProtobufClient(os.Args[1], centrifuge.Config{Token: os.Args[2]})
	subscription, err := client.NewSubscription("sdk.>")
	if err != nil {
		log.Fatal(err)
	}
	subscription.OnSubscribed(func(e centrifuge.SubscribedEvent) {
		say(map[string]any{"recoverable": e.Recoverable})
	})
	subscription.OnPublication(func(e centrifuge.PublicationEvent) {
		subject := e.Tags["subject"]
		say(map[string]any{"subject": subject, "data": json.RawMessage(e.Data)})
		if subject == "sdk.ping" {
			go func() {
				if _, err := client.Publish(context.Background(), "sdk.pong", e.Data); err != nil {
					log.Fatal(err)
				}
			}()
		}
	})
	if err := client.Connect(); err != nil {
		log.Fatal(err)
	}
	if err := subscription.Subscribe(); err != nil {
		log.Fatal(err)
	}
	_, _ = io.ReadAll(os.Stdin)
	client.Close()
}

func say(line map[string]any) {
	text, err := json.Marshal(line)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
}
